internal import Foundation
internal import JSON
internal import Mixpanel

/// The last word of a run.
///
/// It names neither the URL nor the user: a URL may hold a secret.
struct Summary: Sendable {
    let tally: RunTally
    let seed: UInt64
    /// How many members a receiver must hold that knew nothing of the cohort before.
    let membersExpected: Int

    /// For people: sentences.
    var text: String {
        var lines = [
            "Sent \(tally.pagesAccepted) of \(tally.pagesPlanned) pages with "
                + "\(tally.membersAccepted) members in \(seconds.rounded(to: 2)) s: "
                + "\(perSecond(tally.pagesAccepted)) pages/s, "
                + "\(perSecond(tally.membersAccepted)) members/s."
        ]
        if let latency = Latency(tally.latencies) {
            lines.append(
                "Answers took \(milliseconds(latency.median)) ms (p50), "
                    + "\(milliseconds(latency.percentile99)) ms (p99), "
                    + "\(milliseconds(latency.longest)) ms (max).")
        }
        lines.append("Retries: \(tally.retries). Failures: \(tally.pagesFailed).")
        lines.append(ending)
        lines.append("The same again: --seed \(seed)")
        return lines.joined(separator: "\n")
    }

    /// For programs: one object on one line.
    var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.key("outcome")
        json.string(outcome)
        json.key("message")
        if tally.trouble == nil { json.null() } else { json.string(ending) }
        // As text: few readers keep a number above 2^53.
        json.key("seed")
        json.string("\(seed)")
        json.key("pages_planned")
        json.int(tally.pagesPlanned)
        json.key("pages_accepted")
        json.int(tally.pagesAccepted)
        json.key("pages_failed")
        json.int(tally.pagesFailed)
        json.key("members_accepted")
        json.int(tally.membersAccepted)
        json.key("members_expected")
        json.int(membersExpected)
        json.key("retries")
        json.int(tally.retries)
        json.key("seconds")
        json.rawNumber(seconds.rounded(to: 3))
        json.key("pages_per_second")
        json.rawNumber(perSecond(tally.pagesAccepted))
        json.key("members_per_second")
        json.rawNumber(perSecond(tally.membersAccepted))
        json.key("latency_ms")
        writeLatency(to: &json)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private func writeLatency(to json: inout JSONWriter) {
        guard let latency = Latency(tally.latencies) else { return json.null() }
        json.beginObject()
        json.key("p50")
        json.rawNumber(milliseconds(latency.median))
        json.key("p99")
        json.rawNumber(milliseconds(latency.percentile99))
        json.key("max")
        json.rawNumber(milliseconds(latency.longest))
        json.endObject()
    }

    private var outcome: String {
        switch tally.trouble {
        case .accepted, nil: "completed"
        case .misanswered: "misanswered"
        case .paused: "paused"
        case .exhausted: "exhausted"
        }
    }

    private var ending: String {
        switch tally.trouble {
        case .accepted, nil:
            "The audience must now have \(membersExpected) members."
        case .misanswered(let why):
            "Mixpanel could not tell a success: \(why)."
        case .paused(let status, let message):
            "Mixpanel would pause the sync: status \(status), \(message ?? "no message.")"
        case .exhausted(let why):
            "Mixpanel would give up until the next run after "
                + "\(RetrySchedule.retriesMax) retries: \(why)."
        }
    }

    private var seconds: Double { tally.elapsed / .seconds(1) }

    private func perSecond(_ count: Int) -> String {
        (seconds > 0 ? Double(count) / seconds : 0).rounded(to: 1)
    }

    private func milliseconds(_ duration: Duration) -> String {
        (duration / .milliseconds(1)).rounded(to: 2)
    }
}

extension Double {
    /// With so many decimals and a point, in whatever language the machine speaks.
    fileprivate func rounded(to decimals: Int) -> String {
        String(format: "%.\(decimals)f", self)
    }
}

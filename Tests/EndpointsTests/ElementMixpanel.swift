import Foundation
import Mixpanel
import Synchronization

/// As much of Mixpanel as an element instance takes, and what it was sent.
final class ElementMixpanel: Sendable {
    static let secret = "a3b1c5d7e9f0a3b1c5d7e9f0a3b1c5d7"
    static let password = "right-secret"
    static let token = "5d41402abc4b2a76b9719d911017c592"

    struct Sent: Sendable {
        var url: String
        var authorization: String?
        var body: String
    }

    private let sent = Mutex<[Sent]>([])
    /// Answers everything with this, if it is set.
    let trouble = Mutex<MixpanelResponse?>(nil)

    /// What later pages of people are answered with, and how often.
    private let later = Mutex<(page: Int, answer: MixpanelResponse, times: Int)?>(nil)

    /// People are answered so many pages well, and then with this.
    func troubleAfter(pages: Int, _ answer: MixpanelResponse, times: Int = .max) {
        later.withLock { $0 = (pages, answer, times) }
    }

    /// Nothing is wrong any more.
    func recover() {
        later.withLock { $0 = nil }
        trouble.withLock { $0 = nil }
    }

    private func trouble(onPage page: Int) -> MixpanelResponse? {
        later.withLock { later in
            guard let now = later, page >= now.page, now.times > 0 else { return nil }
            later?.times -= 1
            return now.answer
        }
    }

    var requests: [Sent] { sent.withLock { $0 } }

    var exchange: MixpanelExchange {
        { request throws(MixpanelUnreachable) in self.answer(request) }
    }

    private func answer(_ request: MixpanelRequest) -> MixpanelResponse {
        let field = request.headers.first { $0.name == "Authorization" }?.value
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        sent.withLock { $0.append(Sent(url: request.url, authorization: field, body: body)) }
        if let trouble = trouble.withLock({ $0 }) { return trouble }
        // Profiles are written by the token in them.
        if request.url.contains("/engage?verbose") { return json(#"{"status":1,"error":null}"#) }
        guard isKnown(field), !request.url.contains("eu.mixpanel.com/api/app") else {
            return MixpanelResponse(status: 401, body: Array(#"{"error":"no such"}"#.utf8))
        }
        if request.url.contains("/me") {
            return json(
                #"{"status":"ok","results":{"projects":{"3012457":{"name":"Shop","domain":""}}}}"#)
        }
        if request.url.contains("/cohorts/list") { return json("[]") }
        if request.url.contains("/events/top") {
            let event = #"{"event":"Sign up","amount":41,"percent_change":0.2}"#
            return json(#"{"events":[\#(event)],"type":"unique"}"#)
        }
        if request.url.contains("/engage") { return people(body) }
        if request.url.contains("/import") { return imported(request.body ?? []) }
        if request.url.contains("/export") { return json(Self.events) }
        return MixpanelResponse(status: 404)
    }

    private func json(_ text: String, status: Int = 200) -> MixpanelResponse {
        MixpanelResponse(
            status: status, headers: [("Content-Type", "application/json")],
            body: Array(text.utf8))
    }

    private func isKnown(_ field: String?) -> Bool {
        let pair = Data(base64Encoded: String((field ?? "").dropFirst("Basic ".count)))
        let text = String(decoding: pair ?? Data(), as: UTF8.self)
        return ["\(Self.secret):", "\(Self.token):", "muster.sa:\(Self.password)"].contains(text)
    }

    /// Five people on three pages of two.
    private func people(_ body: String) -> MixpanelResponse {
        let fields = body.split(separator: "&").map(String.init)
        let page = fields.first { $0.hasPrefix("page=") }.flatMap { Int($0.dropFirst(5)) } ?? 0
        if let trouble = trouble(onPage: page) { return trouble }
        let isSame = page == 0 || fields.contains("session_id=s-7")
        guard isSame else { return json(#"{"error":"invalid session_id"}"#, status: 400) }
        let people = [["ada", "bo"], ["cy", "dee"], ["eve"]][min(page, 2)].map { id in
            #"{"$distinct_id":"\#(id)","$properties":{"$city":"Dallas","gone":null}}"#
        }
        return json(
            """
            {"page":\(page),"page_size":2,"session_id":"s-7","status":"ok","total":5,
            "results":[\(people.joined(separator: ","))]}
            """)
    }

    /// Events called "bad" are refused.
    private func imported(_ body: [UInt8]) -> MixpanelResponse {
        let list = (try? JSONSerialization.jsonObject(with: Data(body))) as? [[String: Any]] ?? []
        let bad = list.indices.filter { list[$0]["event"] as? String == "bad" }
        guard !bad.isEmpty else {
            return json(#"{"code":200,"num_records_imported":\#(list.count),"status":"OK"}"#)
        }
        let failed = bad.map { index in
            #"{"index":\#(index),"$insert_id":"i-\#(index)","field":"event","message":"is bad"}"#
        }
        return json(
            """
            {"code":400,"error":"some data points in the request failed validation",
            "num_records_imported":\(list.count - bad.count),"status":"Bad Request",
            "failed_records":[\(failed.joined(separator: ","))]}
            """, status: 400)
    }

    static let events =
        (0..<5).map { number in
            #"{"event":"Sign up","properties":{"time":\#(1_795_200_000 + number),"n":\#(number)}}"#
        }.joined(separator: "\n") + "\n"
}

import Audiences
import JSON

/// The body of `POST /v1/launch_rules` and of `PATCH /v1/launch_rules/{id}`.
enum LaunchRuleBody {
    static let keys = [
        "name", "status", "event_name", "audience_id", "surface", "prompt", "priority",
        "cooldown_hours", "starts_per_person_max", "starts_total_max", "starts_at", "ends_at",
        "sample_percent", "excluded_audience_ids",
    ]

    static func edit(_ body: JSONObject) throws(Failure) -> LaunchRuleEdit {
        var edit = LaunchRuleEdit()
        edit.name = try body.text("name", "a text")
        edit.status = try body.choice("status", LaunchRule.Status.self)
        edit.trigger = try trigger(body)
        edit.surface = try body.choice("surface", LaunchRule.Surface.self)
        try readPrompt(body, into: &edit)
        // Null is as good as missing: there is always some priority.
        edit.priority =
            try body.count("priority", in: -Limits.priorityMax...Limits.priorityMax) ?? nil
        edit.cooldownHours = try body.count("cooldown_hours", in: 1...Limits.cooldownHoursMax)
        edit.startsPerPersonMax = try body.count(
            "starts_per_person_max", in: 1...Limits.startsMax)
        edit.startsTotalMax = try body.count("starts_total_max", in: 1...Limits.startsMax)
        edit.startsAt = try body.time("starts_at")
        edit.endsAt = try body.time("ends_at")
        edit.sample = try sample(body)
        edit.excludedAudiences = try excludedAudiences(body)
        return edit
    }

    private static func trigger(_ body: JSONObject) throws(Failure) -> LaunchRule.Trigger? {
        let event = try body.text("event_name", "the name of an event")
        let audience = try body.id("audience_id", AudienceID.self, "an audience")
        switch (event, audience) {
        case (nil, nil): return nil
        case (nil, let audience?): return .audience(audience)
        case (let event?, nil):
            guard let name = EventName(event) else {
                throw Failure(
                    .invalid, "event_name must be 1 to \(Limits.eventNameBytesMax) bytes.")
            }
            return .event(name)
        case (_?, _?):
            throw Failure(.invalid, "A rule has an event_name or an audience_id, not both.")
        }
    }

    private static func readPrompt(
        _ body: JSONObject, into edit: inout LaunchRuleEdit
    ) throws(Failure) {
        guard let value = body["prompt"], !value.isNull else { return }
        let keys = ["title", "message", "start_label", "dismiss_label"]
        guard let prompt = value.object,
            prompt.members.allSatisfy({ member in
                keys.contains { $0.utf8.elementsEqual(member.key.utf8) }
            })
        else {
            throw Failure(
                .invalid,
                "prompt must be an object of these keys: \(keys.joined(separator: ", ")).")
        }
        let bytesMax = Limits.promptTextBytesMax
        edit.title = try prompt.words("title", bytesMax: bytesMax)
        edit.message = try prompt.words("message", bytesMax: bytesMax)
        edit.startLabel = try prompt.words("start_label", bytesMax: bytesMax)
        edit.dismissLabel = try prompt.words("dismiss_label", bytesMax: bytesMax)
    }

    private static func sample(_ body: JSONObject) throws(Failure) -> LaunchSample? {
        guard let value = body["sample_percent"], !value.isNull else { return nil }
        guard case .number(let written) = value, let percent = Double(written),
            let sample = LaunchSample(percent: percent)
        else {
            throw Failure(
                .invalid, "sample_percent must be 0 to 100, with two decimals at most.")
        }
        return sample
    }

    private static func excludedAudiences(
        _ body: JSONObject
    ) throws(Failure) -> [AudienceID]? {
        guard let value = body["excluded_audience_ids"], !value.isNull else { return nil }
        guard let named = value.array, named.count <= Limits.excludedAudiencesMax else {
            throw Failure(
                .invalid,
                "excluded_audience_ids must be a list of at most \(Limits.excludedAudiencesMax) "
                    + "ids of audiences.")
        }
        return try named.map { value throws(Failure) in
            guard let id = value.string.flatMap(AudienceID.init(_:)) else {
                throw Failure(.invalid, "excluded_audience_ids must be ids of audiences.")
            }
            return id
        }
    }
}

extension LaunchSample {
    /// `nil` unless it is 0 to 100 and in whole hundredths.
    package init?(percent: Double) {
        let points = (percent * 100).rounded()
        // A hundredth of a percent is no binary fraction: 12.34 × 100 is 1234 but for a hair.
        guard abs(percent * 100 - points) < 1e-6, let points = Int(exactly: points) else {
            return nil
        }
        self.init(basisPoints: points)
    }

    /// As JSON writes it: `12.5`.
    package var percent: String {
        let (whole, rest) = basisPoints.quotientAndRemainder(dividingBy: 100)
        guard rest > 0 else { return String(whole) }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest / 10)\(rest % 10)"
    }
}

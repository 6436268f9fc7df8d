import Audiences
import JSON

/// The body of `POST /v1/studies` and of `PATCH /v1/studies/{id}`.
enum StudyBody {
    static let keys = [
        "name", "status", "launch_url", "opens_in", "weekly_starts_max", "monthly_starts_max",
    ]

    static func edit(_ body: JSONObject) throws(Failure) -> StudyEdit {
        var edit = StudyEdit()
        edit.name = try body.text("name", "a text")
        edit.status = try body.choice("status", Study.Status.self)
        edit.launchURL = try launchURL(body)
        edit.opensIn = try body.choice("opens_in", LaunchSurface.self)
        edit.weeklyStartsMax = try body.count("weekly_starts_max", in: 1...Limits.startsMax)
        edit.monthlyStartsMax = try body.count("monthly_starts_max", in: 1...Limits.startsMax)
        return edit
    }

    private static func launchURL(_ body: JSONObject) throws(Failure) -> LaunchURL? {
        guard let text = try body.text("launch_url", "a text") else { return nil }
        guard let url = LaunchURL(text) else { throw Failure(.invalid, LaunchURL.rule) }
        return url
    }
}

extension LaunchURL {
    package static let rule =
        "A launch_url must be an https:// address of at most \(Limits.launchURLBytesMax) visible "
        + "ASCII characters; {invite_code} and {reference_id} may stand in its path and query."
}

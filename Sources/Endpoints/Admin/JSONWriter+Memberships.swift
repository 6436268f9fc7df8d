package import Audiences
package import JSON

extension JSONWriter {
    package mutating func membership(_ membership: Membership, at now: Timestamp) {
        beginObject()
        key("id")
        string(membership.audience.text)
        key("name")
        optional(membership.name)
        key("entered_at")
        time(membership.enteredAt)
        key("source")
        if let source = membership.source { self.source(source) } else { null() }
        freshness(membership.freshness, at: now)
        endObject()
    }

    private mutating func source(_ source: MembershipSource) {
        beginObject()
        key("action")
        string(source.action.rawValue)
        key("session_id")
        optional(source.sessionID)
        key("page")
        optional(source.page)
        endObject()
    }
}

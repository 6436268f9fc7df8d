package import Audiences
package import JSON

extension JSONWriter {
    package mutating func change(_ change: MembershipChange) {
        beginObject()
        key("seq")
        int(Int(change.sequence))
        key("change")
        string(change.kind.rawValue)
        key("audience_id")
        string(change.audience.text)
        key("mixpanel_distinct_id")
        optional(change.person?.distinctID)
        key("reference_id")
        optional(change.person?.referenceID)
        key("match_id")
        optional(change.person?.matchID)
        key("session_id")
        optional(change.sessionID)
        key("at")
        time(change.at)
        endObject()
    }
}

package import Audiences
internal import JSON

/// One page of the people in a cohort, as Mixpanel's Query API is asked for it (engage).
package struct EngageQuery: Sendable, Hashable {
    package var project: ExternalID
    package var region: MixpanelRegion
    package var cohort: ExternalID
    /// The profile property that holds the app's own user id.
    package var referenceProperty: String
    /// The profile properties that are kept as traits.
    package var traitsAllowed: [String]
    /// From 0.
    package private(set) var page = 0
    /// What page 0 was answered with, and every later page must bring along.
    package private(set) var sessionID: String?
    /// Whether ids without a profile are listed, too.
    ///
    /// Mixpanel does so unless told otherwise, and the webhook most likely does not send them.
    package var includesAllUsers: Bool

    /// Asks for page 0; the later ones come from ``EngagePage/next``.
    package init(
        project: ExternalID, region: MixpanelRegion, cohort: ExternalID,
        referenceProperty: String = Connection.defaultReferenceProperty,
        traitsAllowed: [String] = [], includesAllUsers: Bool = false
    ) {
        self.project = project
        self.region = region
        self.cohort = cohort
        self.referenceProperty = referenceProperty
        self.traitsAllowed = traitsAllowed
        self.includesAllUsers = includesAllUsers
    }

    /// Asks for a later page, to go on after an interruption.
    package func asking(forPage page: Int, of sessionID: String) -> EngageQuery {
        var query = self
        query.page = page
        query.sessionID = sessionID
        return query
    }

    /// The fields of the body.
    var form: [(name: String, value: [UInt8])] {
        var properties = JSONWriter()
        properties.beginArray()
        for name in [referenceProperty] + traitsAllowed { properties.string(name) }
        properties.endArray()
        var form: [(name: String, value: [UInt8])] = [
            ("filter_by_cohort", filter), ("output_properties", properties.bytes),
            ("include_all_users", Array("\(includesAllUsers)".utf8)),
            ("page", Array("\(page)".utf8)),
        ]
        if let sessionID { form.append(("session_id", Array(sessionID.utf8))) }
        return form
    }

    /// Mixpanel's cohort ids are numbers; whatever else there is stays a text.
    private var filter: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("id")
        if let number = Int(plainDecimal: cohort.text.utf8) {
            json.int(number)
        } else {
            json.string(cohort.text)
        }
        json.endObject()
        return json.bytes
    }
}

internal import JSON

/// A member as a receiver must hold it.
package struct ExpectedMember: Sendable, Hashable {
    package let distinctID: [UInt8]
    package let referenceID: [UInt8]?

    init(_ person: InventedPerson) {
        distinctID = person.distinctID
        referenceID = person.referenceID
    }

    /// The id an app looks the person up by.
    package var matchID: [UInt8] { referenceID ?? distinctID }

    /// `{"mixpanel_distinct_id":…,"reference_id":…}` with a line feed behind it.
    package var line: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("mixpanel_distinct_id")
        json.string(utf8: distinctID)
        json.key("reference_id")
        if let referenceID { json.string(utf8: referenceID) } else { json.null() }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}

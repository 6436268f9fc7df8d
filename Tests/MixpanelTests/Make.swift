import Audiences
import Foundation
import HTTPWire
import Mixpanel

func makeConnection(
    reference: String = Connection.defaultReferenceProperty, traits: [String] = []
) -> Connection {
    Connection(
        id: ConnectionID(unchecked: "conn_0000000000000000"), name: "Test",
        referenceProperty: reference, traitsAllowed: traits,
        createdAt: Timestamp(milliseconds: 0))
}

/// The page in `body`; throws what the message throws.
func read(
    _ body: [UInt8], for connection: Connection = makeConnection()
) throws(CohortSyncRefusal) -> SyncPage {
    let buffer = BodyBuffer(capacity: body.count)
    body.withUnsafeBytes { _ = buffer.append($0) }
    return try CohortSyncMessage(parsing: buffer, for: connection).page
}

func read(
    _ body: String, for connection: Connection = makeConnection()
) throws(CohortSyncRefusal) -> SyncPage {
    try read(Array(body.utf8), for: connection)
}

/// The refusal of `body`; `nil` if it is taken.
func refused(_ body: String) -> CohortSyncRefusal? {
    do {
        _ = try read(body)
        return nil
    } catch {
        return error
    }
}

/// A call of cohort 5540912 with `members` and, before them, further `parameters`.
func call(_ members: String = "[]", parameters: String = "") -> String {
    """
    {"action":"members","parameters":{"mixpanel_cohort_id":"5540912",\(parameters)
    "members":\(members)}}
    """
}

func fixture(_ name: String) throws -> [UInt8] {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name).json")
    return Array(try Data(contentsOf: url))
}

extension SyncPage {
    var ids: [String] { members.map(\.distinctID.text) }
}

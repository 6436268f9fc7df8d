import Audiences
import Foundation
import HTTPWire
import TestSupport

/// An answer with its body read, and the ways tests look at it.
struct Answer {
    let response: Response
    let bytes: [UInt8]

    var status: Int { response.status.code }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The body as a JSON object; empty if it is none.
    var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] ?? [:]
    }

    /// The `data` of a list.
    var data: [[String: Any]] { object["data"] as? [[String: Any]] ?? [] }

    /// Whether it is an error in the shape of the element API.
    var isOfElements: Bool { object["requestId"] is String }

    var errorCode: String? { (object["error"] as? [String: Any])?["code"] as? String }
    var errorMessage: String? { (object["error"] as? [String: Any])?["message"] as? String }
}

extension Secrets {
    /// No cryptography, but no two secrets alike: what these tests need.
    static var plain: Secrets {
        Secrets(
            random: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } },
            sha256: { message in
                var digest = [UInt8](repeating: 7, count: 32)
                for (index, byte) in message.enumerated() {
                    digest[index % 32] = digest[index % 32] &* 31 &+ byte
                }
                return digest
            },
            equal: { $0 == $1 })
    }
}

extension House {
    /// A connection with a cohort sync, and the headers that open its webhook.
    func connect(
        traits: [String] = []
    ) async throws -> (connection: Connection, open: [(String, String)]) {
        let connection = try Connection.make(
            name: "Shop", traitsAllowed: traits, at: clock.now, by: .plain)
        let issued = try CohortSync.issue(at: clock.now, by: .plain)
        try await store.create(connection)
        try await store.setUp(issued.stored, of: connection.id)
        return (connection, basic(issued.stored.username, issued.secret))
    }

    func basic(_ user: String, _ secret: String) -> [(String, String)] {
        let pair = Data("\(user):\(secret)".utf8).base64EncodedString()
        return [("authorization", "Basic \(pair)")]
    }

    /// The headers that open the API.
    func operatorKey(_ scope: OperatorKey.Scope = .admin) async throws -> [(String, String)] {
        let issued = try OperatorKey.issue(name: "test", scope: scope, at: clock.now, by: .plain)
        try await store.create(issued.stored)
        return [("authorization", "Bearer \(issued.secret)")]
    }

    /// One page of the cohort 5540912.
    func page(
        _ action: String, _ ids: [String], session: String = "s1", number: Int = 1,
        of total: Int = 1
    ) -> ArrayBody {
        let members = ids.map { id in
            """
            {"mixpanel_distinct_id":"\(id)","reference_id":"ref-\(id)","email":"\(id)@example.com"}
            """
        }
        return ArrayBody(
            """
            {"action":"\(action)","parameters":{"mixpanel_project_id":"3012457",
            "mixpanel_cohort_id":"5540912","mixpanel_cohort_name":"Buyers",
            "mixpanel_cohort_description":"","mixpanel_session_id":"\(session)",
            "page_info":{"total_pages":\(total),"page_count":\(number)},
            "members":[\(members.joined(separator: ","))]}}
            """)
    }
}

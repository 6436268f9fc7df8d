import Audiences
import Endpoints
import Foundation
import HTTPWire
import Mixpanel
import Synchronization
import TestSupport
import Testing

/// A house whose Mixpanel has people and events, and one user of the element API.
struct ElementHouse {
    let house: House
    let mixpanel: ElementMixpanel
    let user: ElementUser
    private let secrets: (user: String, organization: String)

    static let base = "/elements/api-v2"

    /// - Parameters:
    ///   - limits: of the endpoints.
    ///   - bulk: of bulk jobs.
    ///   - secrets: the cryptography.
    ///   - quota: Mixpanel's.
    ///   - exchange: what becomes of Mixpanel's own one.
    /// - Throws: what making the user throws.
    init(
        limits: EndpointLimits = House.limits, bulk: BulkLimits = BulkLimits(),
        secrets: Secrets = .plain, quota: any QueryQuota = GenerousQuota(),
        exchange: (@escaping MixpanelExchange) -> MixpanelExchange = { $0 }
    ) async throws {
        mixpanel = ElementMixpanel()
        house = House(
            limits: limits, bulk: bulk, secrets: secrets, quota: quota,
            mixpanel: exchange(mixpanel.exchange))
        let issued = try ElementUser.issue(name: "Ada", at: house.clock.now, by: .plain)
        user = try await house.store.create(issued.user, for: .test)
        self.secrets = (issued.userSecret, try #require(issued.organizationSecret))
    }

    var platform: String { "User \(secrets.user), Organization \(secrets.organization)" }

    func hub(_ token: String) -> String { "User \(secrets.user), Element \(token)" }

    func all(_ token: String) -> String { platform + ", Element \(token)" }

    @discardableResult
    func call(
        _ method: Method, _ path: String, _ body: String? = nil, as header: String? = nil,
        headers: [(String, String)] = [], answers status: Int = 200,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let answer = try await house.send(
            method, Self.base + path,
            headers: [("authorization", header ?? platform)] + headers,
            body: body.map { ArrayBody($0) } ?? ArrayBody())
        #expect(answer.status == status, "\(answer.text)", sourceLocation: location)
        // Mixpanel takes three calls a second.
        house.clock.advance(milliseconds: 1000)
        if !answer.bytes.isEmpty, status >= 400 {
            #expect(answer.object["requestId"] is String, sourceLocation: location)
            #expect(answer.object["message"] is String, sourceLocation: location)
        }
        return answer
    }

    /// An instance with the API secret.
    func instance(
        name: String = "API Instance", tags: String = #"["Docs"]"#,
        configuration: String = #"{"username":"\#(ElementMixpanel.secret)"}"#
    ) async throws -> (id: Int, token: String) {
        let made = try await call(
            .post, "/instances",
            """
            {"element":{"key":"mixpanel"},"configuration":\(configuration),"tags":\(tags),
            "name":"\(name)"}
            """)
        return (
            try #require(made.object["id"] as? Int), try #require(made.object["token"] as? String)
        )
    }

    /// One that can write, too.
    static let full = """
        {"username":"muster.sa","password":"\(ElementMixpanel.password)",
        "project_token":"\(ElementMixpanel.token)"}
        """

    var array: (Answer) -> [[String: Any]] {
        { (try? JSONSerialization.jsonObject(with: Data($0.bytes))) as? [[String: Any]] ?? [] }
    }
}

/// The files of bulk jobs in memory.
final class MemoryFiles: Sendable {
    private let contents = Mutex<[Int64: [UInt8]]>([:])
    /// What writing fails with, if it is set.
    let trouble = Mutex<Failure?>(nil)

    var files: BulkFiles {
        BulkFiles(
            write: { bytes, job, offset throws(Failure) in
                if let trouble = self.trouble.withLock({ $0 }) { throw trouble }
                self.contents.withLock { contents in
                    contents[job] = Array((contents[job] ?? []).prefix(offset)) + bytes
                }
            },
            sync: { _ throws(Failure) in },
            read: { job, offset, count throws(Failure) in
                guard let bytes = self.contents.withLock({ $0[job] }) else {
                    throw Failure.noBulkFile
                }
                return Array(bytes.dropFirst(offset).prefix(count))
            },
            remove: { job throws(Failure) in
                self.contents.withLock { _ = $0.removeValue(forKey: job) }
            },
            list: { () throws(Failure) in self.contents.withLock { Array($0.keys) } },
            bytesUsed: { () throws(Failure) in
                self.contents.withLock { $0.values.reduce(0) { $0 + $1.count } }
            })
    }
}

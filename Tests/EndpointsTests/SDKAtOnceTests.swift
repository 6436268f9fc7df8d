import Audiences
import Endpoints
import Foundation
import HTTPWire
import Synchronization
import TestSupport
import Testing

/// Configurations that are loaded without waiting: the same ones, and for nobody else.
///
/// Every `send` compares both ways.
@Suite struct SDKAtOnceTests {
    private let path = "/sdk/v1/config"

    /// The app has called before.
    private func house(
        limits: EndpointLimits = House.limits, asksAtOnce: Bool = true
    ) async throws -> AppHouse {
        let house = try await AppHouse(limits: limits, asksAtOnce: asksAtOnce)
        _ = try await house.audienceRule(of: house.study())
        _ = try await house.rule(of: house.study(), #""event_name":"a""#)
        for _ in 0..<2 { _ = try await house.config(nil) }
        return house
    }

    @Test func aPlainLoadOfAKnownAppIsAnsweredAtOnce() async throws {
        let house = try await house()
        func ask(_ query: String, _ headers: [(String, String)]) async throws -> Int {
            let before = house.house.answeredAtOnce.withLock { $0 }
            _ = try await house.house.send(.get, path + query, headers: headers)
            return house.house.answeredAtOnce.withLock { $0 } - before
        }
        for query in [
            "", "?", "?reference_id=", "?reference_id=ref-ana", "?reference_id=%72ef-ana",
            "?reference_id=stranger", "?reference_id=undefined", "?identity=", "?identity=0",
            "?reference_id=ref-bo&identity=", "?identity=0&reference_id=ref-bo",
        ] {
            #expect(try await ask(query, house.app) == 1, "\(query)")
        }
        for query in [
            "?user=ref-ana", "?reference_id=a&reference_id=b", "?identity=a&identity=b",
            "?reference_id=%zz", "?reference_id=%00", "?reference_id=a&identity=%zz",
            "?reference_id=a&limit=1",
        ] {
            #expect(try await ask(query, house.app) == 0, "\(query)")
        }
        for stranger in [
            [], house.admin, house.app + house.app, [("authorization", "Bearer \(house.key)x")],
            [("authorization", "Bearer \(PublicKey.make(9).text)")],
        ] {
            #expect(try await ask("?reference_id=ref-ana", stranger) == 0)
        }
    }

    @Test func whoIsToBeInvitedIsNotAnsweredAtOnceAndThenIs() async throws {
        let house = try await house(asksAtOnce: false)
        let query = path + "?reference_id=ref-ana"
        #expect(house.house.statusAtOnce(query, headers: house.app) == nil)
        #expect(try await house.pending("ref-ana") != nil)
        #expect(house.house.statusAtOnce(query, headers: house.app) == 200)
    }

    @Test func anAppsFirstCallIsNotAnsweredAtOnce() async throws {
        let house = try await AppHouse(asksAtOnce: false)
        #expect(house.house.statusAtOnce(path, headers: house.app) == nil)
        _ = try await house.config(nil)
        #expect(house.house.statusAtOnce(path, headers: house.app) == nil)
        _ = try await house.config(nil)
        #expect(house.house.statusAtOnce(path, headers: house.app) == 200)
    }

    @Test func aKeyThatWasReplacedIsKnownNoMore() async throws {
        let house = try await house(asksAtOnce: false)
        #expect(house.house.statusAtOnce(path, headers: house.app) == 200)
        try await house.operate(.post, "/connections/\(house.connection)/sdk/key")
        #expect(house.house.statusAtOnce(path, headers: house.app) == nil)
    }

    @Test func aSignedIDIsAnsweredAtOnceAndNobodyElsesIs() async throws {
        let house = try await house()
        let settings = "/connections/\(house.connection)/sdk"
        let made = try await house.operate(.post, settings + "/identity_secret")
        let secret = try #require(made.object["identity_secret"] as? String)
        try await house.operate(.put, settings, #"{"requires_identity":true}"#)
        let sign = { (person: String) in
            try Secrets.plain.identity(of: .make(person), secret: Array(secret.utf8))
        }
        let before = house.house.answeredAtOnce.withLock { $0 }
        let identities = [
            try sign("ref-ana"), try sign("ref-bo"), "", "0", try sign("ref-ana").uppercased(),
        ]
        for (index, identity) in identities.enumerated() {
            let config = try await house.config("ref-ana", identity: identity)
            #expect((config.object["pending_invite"] is NSNull) == (index != 0))
        }
        #expect(house.house.answeredAtOnce.withLock { $0 } == before + identities.count)
    }

    /// Each is counted once, whichever way it is answered.
    @Test func callsThatAreAnsweredAtOnceCountAsOthersDo() async throws {
        var limits = House.limits
        limits.sdkCallsPerMinuteMax = 5
        let house = try await house(limits: limits, asksAtOnce: false)
        let ask = { (peer: String) in
            house.house.statusAtOnce(path, headers: house.app, from: peer)
        }
        for _ in 0..<3 { #expect(ask("192.0.2.7") == 200) }
        for _ in 0..<3 { #expect(ask("192.0.2.7") == nil) }
        let answer = try await house.house.send(.get, path, headers: house.app)
        #expect(answer.status == 429)
        #expect(ask("198.51.100.4") == 200)
        house.house.clock.advance(milliseconds: 60_000)
        #expect(ask("192.0.2.7") == 200)
    }
}

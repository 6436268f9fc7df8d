import Audiences
import Endpoints
import Foundation
import HTTPWire
import TestSupport
import Testing

/// Who may call the SDK's routes: any page of any origin, with a public key, not too often.
@Suite struct SDKAdmissionTests {
    private static let calls: [(Method, String)] = [
        (.get, "/sdk/v1/config"), (.post, "/sdk/v1/launches"),
        (.post, "/sdk/v1/invites/zzzzzzzzzzzzzzzzzzz1/events"),
    ]

    @Test func onlyAPublicKeyOpensThem() async throws {
        let house = try await AppHouse()
        let unknown = PublicKey.make(9).text
        for headers in [
            [], house.admin, [("authorization", "Bearer \(unknown)")],
            [("authorization", "Bearer muster_pk_")], [("authorization", "Basic \(house.key)")],
            house.app + house.app,
        ] {
            for (method, path) in Self.calls {
                let body = ArrayBody("{}")
                let answer = try await house.house.send(
                    method, path, headers: headers, body: body)
                #expect(answer.status == 401)
                #expect(answer.response.header("Access-Control-Allow-Origin") == "*")
                #expect(!body.wasRead)
            }
        }
    }

    @Test(arguments: Contract.operations.filter { $0.scopes != nil })
    func thePublicKeyOpensNothingElse(operation: Contract.Operation) async throws {
        let house = try await AppHouse()
        let answer = try await house.house.send(
            operation.asMethod, operation.examplePath, headers: house.app)
        #expect(answer.status == 401)
        #expect(answer.response.header("Access-Control-Allow-Origin") == nil)
    }

    @Test func aRegeneratedKeyIsDeadAtOnceAndTheNewOneOpens() async throws {
        let house = try await AppHouse()
        let path = "/connections/\(house.connection)/sdk"
        let made = try await house.operate(.post, path + "/key")
        #expect(made.response.header("Cache-Control") == "no-store")
        let key = try #require(made.object["public_key"] as? String)
        #expect(key != house.key)
        let old = try await house.house.send(.get, "/sdk/v1/config", headers: house.app)
        #expect(old.status == 401)
        let new = try await house.house.send(
            .get, "/sdk/v1/config", headers: [("authorization", "Bearer \(key)")])
        #expect(new.status == 200)
    }

    @Test func theFirstCallIsRememberedAndNoOther() async throws {
        let house = try await AppHouse()
        let path = "/connections/\(house.connection)/sdk"
        #expect(try await house.operate(.get, path).object["first_seen_at"] is NSNull)
        let first = house.house.clock.now.rfc3339
        _ = try await house.config(nil)
        house.house.clock.advance(milliseconds: 1000)
        _ = try await house.config(nil)
        #expect(try await house.operate(.get, path).object["first_seen_at"] as? String == first)
    }

    @Test func anAddressMayCallSoOftenAMinuteAndNotOnceMore() async throws {
        var limits = House.limits
        limits.sdkCallsPerMinuteMax = 3
        let house = try await AppHouse(limits: limits, asksAtOnce: false)
        for _ in 0..<3 { _ = try await house.config("ref-ana") }
        for (method, path) in Self.calls {
            let body = ArrayBody("{}")
            let answer = try await house.house.send(method, path, headers: house.app, body: body)
            #expect(answer.status == 429)
            #expect(answer.errorCode == "too_many_requests")
            #expect(Int(answer.response.header("Retry-After") ?? "") ?? 0 > 0)
            #expect(answer.response.header("Access-Control-Expose-Headers") != nil)
            #expect(!body.wasRead)
        }
        let elsewhere = try await house.house.send(
            .get, "/sdk/v1/config", headers: house.app, from: "198.51.100.4")
        #expect(elsewhere.status == 200)
        house.house.clock.advance(milliseconds: 60_000)
        _ = try await house.config("ref-ana")
    }

    @Test(arguments: calls.map(\.1))
    func aBrowserMayAskFromAnyOriginAndSendNoCookie(path: String) async throws {
        let house = try await AppHouse()
        let answer = try await house.house.send(
            .options, path,
            headers: [
                ("origin", "https://shop.example"), ("access-control-request-method", "GET"),
                ("access-control-request-headers", "authorization"),
            ])
        #expect(answer.status == 204)
        #expect(answer.response.header("Access-Control-Allow-Origin") == "*")
        #expect(answer.response.header("Access-Control-Allow-Credentials") == nil)
        #expect(
            answer.response.header("Access-Control-Allow-Headers")
                == "authorization, content-type")
        let asked = try await house.house.send(.options, "/v1/audiences", headers: house.admin)
        #expect(asked.status == 405)
    }

    @Test func aQueryParameterNobodyReadsIsRefused() async throws {
        let house = try await AppHouse()
        for query in ["user=ref-ana", "reference_id=a&reference_id=b", "reference_id=%zz"] {
            let answer = try await house.house.send(
                .get, "/sdk/v1/config?" + query, headers: house.app)
            #expect(answer.status == 400)
        }
    }
}

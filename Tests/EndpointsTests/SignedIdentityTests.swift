import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

@testable import Endpoints

/// Reference ids that the operator's own server vouches for.
@Suite struct SignedIdentityTests {
    private func settings(_ house: AppHouse) -> String { "/connections/\(house.connection)/sdk" }

    /// Makes a secret, and returns what signs with it.
    private func sign(_ house: AppHouse) async throws -> (String) throws -> String {
        let made = try await house.operate(.post, settings(house) + "/identity_secret")
        #expect(made.response.header("Cache-Control") == "no-store")
        let secret = try #require(made.object["identity_secret"] as? String)
        #expect(secret.hasPrefix("muster_id_") && secret.utf8.count <= 64)
        #expect(made.object["has_identity_secret"] as? Bool == true)
        let shown = try await house.operate(.get, settings(house))
        #expect(!shown.text.contains(secret))
        #expect(!house.house.log.lines.joined().contains(secret))
        return { person in
            try Secrets.plain.identity(of: .make(person), secret: Array(secret.utf8))
        }
    }

    @Test func whereItIsNeededOnlyASignedIDIsSomebody() async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study())
        let sign = try await sign(house)
        try await house.operate(.put, settings(house), #"{"requires_identity":true}"#)
        for wrong in [nil, "", "0", try sign("ref-bo"), try sign("ref-ana").uppercased()] {
            let config = try await house.config("ref-ana", identity: wrong)
            #expect(config.object["pending_invite"] is NSNull)
        }
        let config = try await house.config("ref-ana", identity: try sign("ref-ana"))
        let pending = try #require(config.object["pending_invite"] as? [String: Any])
        let code = try #require(pending["invite_code"] as? String)
        #expect(try await house.accept(code, "ref-ana").reason == "unknown_person")
        let signed = try await house.launch(
            """
            {"source":"audience","invite_code":"\(code)","reference_id":"ref-ana",
            "identity":"\(try sign("ref-ana"))"}
            """)
        #expect(signed.decision == "webview")
    }

    @Test func whereItIsNotNeededAWrongOneIsStillNoGood() async throws {
        let house = try await AppHouse()
        _ = try await house.rule(of: house.study(), #""event_name":"e""#)
        let sign = try await sign(house)
        func decision(_ identity: String) async throws -> String? {
            try await house.launch(
                """
                {"source":"event","event_name":"e","reference_id":"u","identity":\(identity)}
                """
            ).decision
        }
        #expect(try await decision("null") == "webview")
        #expect(try await decision("\"\(try sign("u"))\"") == "webview")
        #expect(try await decision("\"\(try sign("v"))\"") == "not_eligible")
    }

    @Test func anotherSecretEndsTheOneBefore() async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study())
        let before = try await sign(house)
        let after = try await sign(house)
        let old = try await house.config("ref-ana", identity: before("ref-ana"))
        #expect(old.object["pending_invite"] is NSNull)
        let new = try await house.config("ref-ana", identity: after("ref-ana"))
        #expect(new.object["pending_invite"] is [String: Any])
    }

    @Test func nothingIsAskedForThatNobodyCanSign() async throws {
        let house = try await AppHouse()
        let answer = try await house.operate(
            .put, settings(house), #"{"requires_identity":true}"#, answers: 409)
        #expect(answer.errorMessage?.contains("identity secret") == true)
    }

    /// What was found right once is right for this person and this secret alone.
    @Test func aRecognizedSignatureIsNobodyElsesAndOfNoOtherSecret() async throws {
        let house = try await AppHouse()
        _ = try await house.audienceRule(of: house.study())
        let sign = try await sign(house)
        try await house.operate(.put, settings(house), #"{"requires_identity":true}"#)
        let identity = try sign("ref-ana")
        func isSomebody(_ person: String) async throws -> Bool {
            let config = try await house.config(person, identity: identity)
            return !(config.object["pending_invite"] is NSNull)
        }
        for _ in 0..<3 { #expect(try await isSomebody("ref-ana")) }
        #expect(try await !isSomebody("ref-bo"))
        _ = try await self.sign(house)
        #expect(try await !isSomebody("ref-ana"))
    }

    @Test func soManySignaturesAreRecognizedAndNoMore() {
        let recognized = RecognizedIdentities()
        let secret = SealedSecret("sealed")
        let ids = (0..<2 * RecognizedIdentities.placesMax).map { ExternalID.make("u\($0)") }
        for id in ids { recognized.add(id, signedBy: "00", under: secret) }
        let left = ids.count { recognized.contains($0, signedBy: "00", under: secret) }
        #expect((1...RecognizedIdentities.placesMax).contains(left))
        guard let last = ids.last else { return }
        #expect(recognized.contains(last, signedBy: "00", under: secret))
        #expect(!recognized.contains(last, signedBy: "0", under: secret))
        #expect(!recognized.contains(last, signedBy: "00", under: SealedSecret("other")))
        #expect(!RecognizedIdentities().contains(last, signedBy: "00", under: secret))
    }
}

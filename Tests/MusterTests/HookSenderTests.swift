import Audiences
import Foundation
import HTTPWire
import TestSupport
import Testing

@testable import muster

/// One attempt to deliver, with a receiver on loopback.
@Suite(.timeLimit(.minutes(30))) struct HookSenderTests {
    private static let now = Timestamp(milliseconds: 1_795_255_072_007)
    private static let keys: [[UInt8]] = [
        Array(repeating: 1, count: 32), Array(repeating: 2, count: 32),
    ]

    private func sender(
        allowing blocks: [String] = ["127.0.0.0/8"], timeout: Duration = .seconds(60),
        sealing: Sealing = .plain
    ) -> HookSender {
        let policy = AddressPolicy(allowed: blocks.compactMap { AddressBlock($0) })
        return HookSender(
            exchange: HTTPExchange(
                connectionsMax: 1, responseBytesMax: HookSender.answerBytesMax, addresses: policy,
                environment: [:]),
            secrets: Composition.secrets, sealing: sealing, now: { Self.now }, timeout: timeout)
    }

    private func hook(at url: String) throws -> Hook {
        let context = HookSecret.sealingContext(of: .make())
        return Hook(
            connectionID: .make(), url: try #require(HookURL(url)), events: [.inviteStarted],
            secrets: try Self.keys.map { key in
                HookSecret(
                    sealed: try Sealing.plain.seal(key, context), createdAt: .start,
                    expiresAt: key == Self.keys[1] ? Self.now.after(1) : nil)
            } + [
                HookSecret(
                    sealed: SealedSecret("ended"), createdAt: .start, expiresAt: Self.now)
            ], createdAt: .start)
    }

    private func message(
        _ kind: HookEvent.Kind = .test, _ subject: HookEvent.Subject = .nothing
    ) -> HookMessage {
        HookMessage(
            delivery: HookDelivery(
                id: .make(from: Array(0..<16)), connectionID: .make(), kind: kind,
                createdAt: Self.now),
            event: HookEvent(kind: kind, at: Self.now, subject: subject))
    }

    private func url(_ receiver: LoopbackReceiver) -> String {
        "http://127.0.0.1:\(receiver.port)/hook?key=1"
    }

    /// What a receiver that answers so makes of an attempt.
    private func attempt(_ answer: String?, timeout: Duration = .seconds(60)) async throws
        -> HookAttempt
    {
        let receiver = try LoopbackReceiver { _ in answer }
        defer { receiver.stop() }
        return try await sender(timeout: timeout).send(message(), to: hook(at: url(receiver)))
    }

    @Test func aSignatureIsThatOfTheSpecification() throws {
        // The vector of Svix's documentation, which the reference libraries test with.
        let key = try #require(
            Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").map(Array.init))
        let value = try HookSignature.value(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8), keys: [key], by: Composition.secrets)
        #expect(value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func aMessageIsPostedAndSignedWithEverySecretThatIsValid() async throws {
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(204) }
        defer { receiver.stop() }
        let attempt = try await sender().send(message(), to: hook(at: url(receiver)))
        #expect(attempt == HookAttempt(answer: 204))
        let request = try #require(receiver.requests.first)
        #expect(request.head.hasPrefix("POST /hook?key=1 HTTP/1.1\r\n"))
        for line in [
            "Content-Type: application/json", "webhook-id: msg_0123456789abcdef",
            "webhook-timestamp: 1795255072",
        ] {
            #expect(request.head.contains("\r\n\(line)\r\n"), "\(line)")
        }
        let signed = Array("msg_0123456789abcdef.1795255072.".utf8) + request.body
        let signatures = try Self.keys.map { key in
            let code = try Composition.secrets.messageCode(signed, key: key)
            return "v1," + Data(code).base64EncodedString()
        }
        let line = "\r\nwebhook-signature: \(signatures.joined(separator: " "))\r\n"
        #expect(request.head.contains(line))
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"type":"hook.test","timestamp":"2026-11-21T09:57:52.007Z","data":"#
                + #"{"connection_id":"conn_1111111111111111"}}"#)
    }

    @Test func anEventSaysWhatHappened() async throws {
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200) }
        defer { receiver.stop() }
        var invite = Invite(
            code: try #require(InviteCode("11111111111111111111")), connectionID: .make(),
            ruleID: .make(from: Array(0..<16)), studyID: .make(from: Array(0..<16)),
            source: .audience, audienceID: .make(from: Array(0..<16)), matchID: .make("user-1"),
            distinctID: .make("d1"), traits: [Trait(name: "plan", value: .text("pro"))],
            createdAt: .start)
        invite.startedAt = Self.now
        let change = MembershipChange(
            sequence: 7, kind: .left, audience: .make(from: Array(0..<16)),
            person: Person(distinctID: .make("d1"), referenceID: .make("user-1")),
            sessionID: .make("S1"), at: Self.now)
        for message in [
            message(.inviteStarted, .invite(invite)), message(.audienceLeft, .change(change)),
        ] {
            _ = try await sender().send(message, to: hook(at: url(receiver)))
        }
        let bodies = receiver.requests.map { String(decoding: $0.body, as: UTF8.self) }
        let time = "2026-11-21T09:57:52.007Z"
        #expect(
            bodies == [
                #"{"type":"invite.started","timestamp":"\#(time)","data":{"code":"#
                    + #""11111111111111111111","status":"started","source":"audience","#
                    + #""connection_id":"conn_1111111111111111","#
                    + #""study_id":"study_0123456789abcdef","rule_id":"rule_0123456789abcdef","#
                    + #""audience_id":"aud_0123456789abcdef","#
                    + #""match_id":"user-1","mixpanel_distinct_id":"d1","traits":{"plan":"pro"},"#
                    + #""created_at":"2025-01-31T08:00:00.000Z","shown_at":null,"#
                    + #""dismissed_at":null,"started_at":"\#(time)","completed_at":null}}"#,
                #"{"type":"audience.left","timestamp":"\#(time)","data":{"#
                    + #""connection_id":"conn_1111111111111111","audience_id":"#
                    + #""aud_0123456789abcdef","mixpanel_distinct_id":"d1","#
                    + #""reference_id":"user-1","match_id":"user-1","session_id":"S1","seq":7}}"#,
            ])
    }

    @Test func anAddressThatIsNotPublicIsNeverConnectedTo() async throws {
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200) }
        defer { receiver.stop() }
        for host in ["127.0.0.1", "localhost"] {
            let attempt = try await sender(allowing: ["10.0.0.0/8"]).send(
                message(), to: hook(at: "http://\(host):\(receiver.port)/"))
            #expect(attempt.answer == nil)
            #expect(attempt.problem?.contains("hooks.private_addresses") == true)
        }
        #expect(receiver.connectionCount == 0)
    }

    @Test func aRedirectIsNotFollowed() async throws {
        let receiver = try LoopbackReceiver { request in
            request.head.hasPrefix("POST /hook")
                ? LoopbackReceiver.reply(307, headers: ["Location: /elsewhere"])
                : LoopbackReceiver.reply(200)
        }
        defer { receiver.stop() }
        let attempt = try await sender().send(message(), to: hook(at: url(receiver)))
        #expect(attempt.answer == 307)
        #expect(attempt.problem?.contains("redirects are not followed") == true)
        #expect(receiver.requests.count == 1)
    }

    @Test(
        arguments: [
            ("Retry-After: 120", 120_000), ("retry-after: 0", 0), ("Retry-After: soon", nil),
            ("Retry-After: 99999999999999999999", 86_400_000), ("X: 1", nil),
            ("RETRY-AFTER: Sat, 21 Nov 2026 09:58:52 GMT", 60_000),
        ] as [(String, Int64?)])
    func whatTheReceiverAsksForIsHeard(header: String, milliseconds: Int64?) async throws {
        let attempt = try await attempt(LoopbackReceiver.reply(503, headers: [header]))
        #expect(
            attempt
                == HookAttempt(
                    answer: 503, problem: "It answered 503.",
                    retryAfterMilliseconds: milliseconds))
    }

    @Test func goneIsSaid() async throws {
        let attempt = try await attempt(LoopbackReceiver.reply(410))
        #expect(attempt.answer == 410)
        #expect(attempt.problem?.contains("switched off") == true)
    }

    @Test func silenceHasAnEnd() async throws {
        let attempt = try await attempt(nil, timeout: .milliseconds(50))
        #expect(attempt.answer == nil)
        #expect(attempt.problem?.hasPrefix("It did not answer within") == true)
    }

    @Test func anAnswerIsReadUpToItsLimit() async throws {
        let most = String(repeating: "x", count: HookSender.answerBytesMax)
        #expect(try await attempt(LoopbackReceiver.reply(200, most)).isTaken)
        let attempt = try await attempt(LoopbackReceiver.reply(200, most + "x"))
        #expect(!attempt.isTaken)
        #expect(attempt.problem == "Its answer is longer than 65536 bytes.")
    }

    @Test func whoDoesNotListenRefuses() async throws {
        let receiver = try LoopbackReceiver { _ in nil }
        receiver.stop()
        let attempt = try await sender().send(message(), to: hook(at: url(receiver)))
        #expect(attempt == HookAttempt(problem: "The connection was refused."))
    }

    @Test func withoutItsKeyNothingIsSent() async throws {
        let receiver = try LoopbackReceiver { _ in LoopbackReceiver.reply(200) }
        defer { receiver.stop() }
        var sealing = Sealing.plain
        sealing.open = { _, _ throws(Failure) in throw Failure(.internal, "The key is missing.") }
        let attempt = try await sender(sealing: sealing).send(
            message(), to: hook(at: url(receiver)))
        #expect(attempt == HookAttempt(problem: "The key is missing."))
        #expect(receiver.connectionCount == 0)
    }
}

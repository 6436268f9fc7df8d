import Foundation
import TestSupport
import Testing

@testable import Audiences

@Suite struct HookTests {
    private func hook(_ secrets: [HookSecret]) throws -> Hook {
        Hook(
            connectionID: .make(), url: try #require(HookURL("https://a.example/")),
            events: [.inviteStarted], secrets: secrets, createdAt: .start)
    }

    private func secret(_ text: String, until end: Timestamp? = nil) -> HookSecret {
        HookSecret(sealed: SealedSecret(text), createdAt: .start, expiresAt: end)
    }

    @Test(arguments: [
        "https://a.example", "https://a.example/", "https://a.example:8443/b?c=d&e",
        "https://10.0.0.1/", "https://[2001:db8::1]:8443/x", "http://localhost:3000/hook",
        "http://127.0.0.1/", "http://[::1]:3000/",
        "https://a.example/" + String(repeating: "x", count: Limits.launchURLBytesMax - 18),
    ])
    func anAddressCanBeAHooks(text: String) {
        #expect(HookURL(text)?.text == text)
        #expect(matchesThePattern(text))
    }

    @Test(arguments: [
        "", "https://", "https:///path", "https://:443/", "http://a.example/", "ftp://a.example/",
        "HTTPS://a.example/", "https://user@a.example/", "https://user:pass@a.example/",
        "https://a.example/#part", "https://a.example/ b", "https://a.exämple/",
        "https://a.example\\@b.example/", "http://localhost.a.example/", "http://127.0.0.1.a/",
        "http://127.0.0.2/", "http://[::1].a.example/", "http://[::2]/", "http://localhost@a/",
        "https://a.example/\r\nX: y", "https://a.example:8x/", "https://a.example:/",
        "https://a.example:123456/", "https://a,b/", "https://[::1/", "https://[]/", "https://[x]/",
        "http://localhost:80:80/",
        "https://a.example/" + String(repeating: "x", count: Limits.launchURLBytesMax - 17),
    ])
    func anAddressCanNotBeAHooks(text: String) {
        #expect(HookURL(text) == nil)
        #expect(!matchesThePattern(text) || text.utf8.count > Limits.launchURLBytesMax)
    }

    /// What the API's document says must be what is taken.
    private func matchesThePattern(_ text: String) -> Bool {
        text.range(of: HookURL.pattern, options: .regularExpression) != nil
    }

    @Test func aNewSecretEndsTheOthersAtOnceOrAfterTheOverlap() throws {
        var hook = try hook([secret("a")])
        try hook.add(secret("b"), overlapMilliseconds: 60_000, at: .start)
        #expect(hook.validSecrets(at: .start.after(59_999)).map(\.sealed.text) == ["b", "a"])
        #expect(hook.validSecrets(at: .start.after(60_000)).map(\.sealed.text) == ["b"])
        // A second overlap does not prolong the first.
        try hook.add(secret("c"), overlapMilliseconds: 120_000, at: .start.after(1))
        #expect(hook.validSecrets(at: .start.after(60_000)).map(\.sealed.text) == ["c", "b"])
        try hook.add(secret("d"), overlapMilliseconds: 0, at: .start.after(2))
        #expect(hook.secrets.map(\.sealed.text) == ["d"])
        #expect(hook.updatedAt == .start.after(2))
    }

    @Test func noMoreThanSoManySecretsAreValid() throws {
        var hook = try hook([secret("0")])
        for number in 1..<Limits.hookSecretsMax {
            try hook.add(secret("\(number)"), overlapMilliseconds: 1000, at: .start)
        }
        #expect(hook.secrets.count == Limits.hookSecretsMax)
        let failure = #expect(throws: Failure.self) {
            var hook = hook
            try hook.add(secret("x"), overlapMilliseconds: 1000, at: .start)
        }
        #expect(failure?.code == .conflict)
        try hook.add(secret("x"), overlapMilliseconds: 1000, at: .start.after(1000))
        #expect(hook.secrets.map(\.sealed.text) == ["x", "3"])
    }

    @Test func whatIsSetAsItWasChangesNothing() throws {
        var hook = try hook([secret("a")])
        let before = hook
        hook.edit(url: hook.url, events: hook.events, isOn: true, at: .start.after(1))
        #expect(hook == before)
        hook.edit(url: hook.url, events: hook.events, isOn: false, at: .start.after(1))
        #expect(hook.updatedAt == .start.after(1))
        #expect(!hook.wants(.inviteStarted))
    }

    @Test func onlyASecretThatIsStillThereIsResealed() throws {
        var hook = try hook([secret("a"), secret("b")])
        hook.reseal(SealedSecret("b"), as: SealedSecret("B"))
        hook.reseal(SealedSecret("c"), as: SealedSecret("C"))
        #expect(hook.secrets.map(\.sealed.text) == ["a", "B"])
    }

    @Test func aSecretHasTheFormOfTheSpecification() throws {
        let secrets = Secrets(
            random: { Array(repeating: 0xFB, count: $0) }, sha256: { $0 }, equal: { $0 == $1 })
        let issued = try HookSecret.issue(for: .make(), at: .start, by: secrets, .plain)
        #expect(issued.secret == "whsec_" + String(repeating: "+/v7", count: 10) + "+/s=")
        let key = try Sealing.plain.open(
            issued.stored.sealed, HookSecret.sealingContext(of: .make()))
        #expect(key == Array(repeating: 0xFB, count: 32))
        #expect(throws: Failure.self) {
            try Sealing.plain.open(
                issued.stored.sealed, HookSecret.sealingContext(of: .make(2)))
        }
    }

    @Test func anInviteIsToldAsItWas() {
        var invite = Invite(
            code: InviteCode("11111111111111111111")!, connectionID: .make(),
            ruleID: .make(from: [1]), studyID: .make(from: [1]), source: .event,
            matchID: .make("user-1"), createdAt: .start)
        invite.shownAt = .start.after(1)
        invite.startedAt = .start.after(2)
        invite.completedAt = .start.after(3)
        #expect(invite.asOf(.start.after(2)).status == .started)
        #expect(invite.asOf(.start.after(2)).shownAt == .start.after(1))
        #expect(invite.asOf(.start.after(3)) == invite)
    }
}

@Suite struct HookDeliveryTests {
    private func delivery() -> HookDelivery {
        HookDelivery(
            id: .make(from: [1]), connectionID: .make(), kind: .test, createdAt: .start)
    }

    @Test(arguments: [
        (0, 5), (1, 5), (2, 10), (3, 20), (8, 640), (13, 20_480), (14, 21_600), (99, 21_600),
        (.max, 21_600), (-1, 5),
    ])
    func thePauseDoublesUpToSixHours(attempts: Int, seconds: Int64) {
        #expect(HookDelivery.pause(afterAttempts: attempts, jitter: 0) == seconds * 1000)
        #expect(HookDelivery.pause(afterAttempts: attempts, jitter: 1) == seconds * 1250)
        #expect(HookDelivery.pause(afterAttempts: attempts, jitter: -9) == seconds * 1000)
        #expect(HookDelivery.pause(afterAttempts: attempts, jitter: 9) == seconds * 1250)
    }

    @Test(arguments: [0, 0.5, 1])
    func aFailingDeliveryIsTriedForThreeDays(jitter: Double) throws {
        var delivery = delivery()
        var last = Timestamp.start
        while let next = delivery.nextAttemptAt {
            last = next
            delivery.note(HookAttempt(problem: "Silence."), at: next, jitter: jitter)
        }
        #expect(delivery.status == .failed)
        #expect((18...24).contains(delivery.attempts))
        let patience = Limits.hookPatienceMilliseconds
        #expect(last.since(.start) <= patience)
        #expect(last.since(.start) > patience - 8 * 3_600_000)
    }

    @Test(arguments: [200, 201, 204, 299])
    func anySuccessIsTheEnd(status: Int) {
        var delivery = delivery()
        delivery.note(HookAttempt(problem: "Silence."), at: .start, jitter: 0)
        delivery.note(HookAttempt(answer: status), at: .start.after(5000), jitter: 0)
        #expect(delivery.status == .delivered)
        #expect(delivery.lastProblem == nil)
        #expect(delivery.lastAnswer == status)
        #expect(delivery.nextAttemptAt == nil)
        #expect(delivery.attempts == 2)
    }

    @Test(arguments: [100, 199, 300, 301, 400, 404, 429, 500, 503])
    func everythingElseIsTriedAgain(status: Int) {
        var delivery = delivery()
        delivery.note(HookAttempt(answer: status, problem: "No."), at: .start, jitter: 0)
        #expect(delivery.status == .waiting)
        #expect(delivery.nextAttemptAt == .start.after(5000))
        #expect(!delivery.isGone)
    }

    @Test func goneIsTheEnd() {
        var delivery = delivery()
        delivery.note(HookAttempt(answer: 410, problem: "Gone."), at: .start, jitter: 0)
        #expect(delivery.status == .failed)
        #expect(delivery.isGone)
    }

    @Test(
        arguments: [
            (1000, 5000), (60_000, 60_000), (86_400_000, 86_400_000), (86_400_001, 86_400_000),
            (.max, 86_400_000), (-5, 5000),
        ] as [(Int64, Int64)])
    func retryAfterIsHonouredUpToADay(asked: Int64, waited: Int64) {
        var delivery = delivery()
        let attempt = HookAttempt(answer: 503, problem: "No.", retryAfterMilliseconds: asked)
        delivery.note(attempt, at: .start, jitter: 0)
        #expect(delivery.nextAttemptAt == .start.after(waited))
    }

    @Test func whatWasReplayedHasAllItsPatienceAgain() {
        var delivery = delivery()
        let later = Timestamp.start.after(Limits.hookPatienceMilliseconds)
        delivery.note(HookAttempt(problem: "Silence."), at: later, jitter: 0)
        #expect(delivery.status == .failed)
        delivery.replay(at: later)
        #expect(delivery.nextAttemptAt == later)
        delivery.note(HookAttempt(problem: "Silence."), at: later, jitter: 0)
        #expect(delivery.status == .waiting)
        #expect(delivery.createdAt == .start)
    }
}

import Audiences
import Foundation
import Logging
import SQLiteStore
import Synchronization
import TestSupport
import Testing

@testable import muster

/// Nothing is lost, wherever a rotation of keys is cut off.
@Suite struct RekeyTests {
    private let directory: DataDirectory
    private let store = MemoryStore()
    private let ids = [ConnectionID.make(1), .make(2), .make(3)]

    init() throws {
        directory = try DataDirectory()
    }

    private struct Cut: Error {}

    private func account(_ secret: String, of id: ConnectionID, by ring: KeyRing) throws
        -> ServiceAccount
    {
        ServiceAccount(
            username: "muster.a1b2c3.mp-service-account",
            secret: try ring.sealing.seal(Array(secret.utf8), id.text), status: .connected,
            checkedAt: .start)
    }

    /// Three accounts, an identity secret, an instance and a kept answer, all sealed.
    private func fill(_ ring: KeyRing) async throws {
        for (number, id) in ids.enumerated() {
            try await store.create(Connection.make(UInt8(number + 1)))
            _ = try await store.set(
                account("secret \(number)", of: id, by: ring), of: id, at: .start, for: .test)
        }
        var settings = SDKSettings(publicKey: .make())
        settings.identitySecret = try ring.sealing.seal(
            Array("identity".utf8), SDKSettings.sealingContext(of: ids[0]))
        try await store.set(settings, of: ids[0], at: .start, for: .test)
        var instance = ElementInstance.make(1)
        instance.token.sealed = try ring.sealing.seal(
            Array("token".utf8), instance.sealingContext)
        instance.credential = try StoredCredential(
            InstanceCredential(username: "user"), for: instance.sealingContext, by: ring.sealing)
        _ = try await store.create(instance, for: .test)
        let answer = KeptAnswer(
            key: "k", request: "r", status: 201,
            body: try ring.sealing.seal(Array("body".utf8), KeptAnswer.sealingContext),
            createdAt: .start)
        try await store.create(
            Connection.make(9), for: Operation(by: .server, answer: answer))
    }

    /// Everything that is sealed, opened.
    private func opened(_ ring: KeyRing) async throws -> [String] {
        var texts: [String] = []
        for id in ids {
            let sealed = try #require(try await store.connection(id)?.serviceAccount?.secret)
            texts.append(String(decoding: try ring.sealing.open(sealed, id.text), as: UTF8.self))
        }
        let settings = try await store.sdkSettings(of: ids[0])
        let identity = try ring.sealing.open(
            try #require(settings?.identitySecret), SDKSettings.sealingContext(of: ids[0]))
        texts.append(String(decoding: identity, as: UTF8.self))
        let instance = try #require(try await store.instance(1, of: nil))
        texts.append(try instance.token.open(by: ring.sealing))
        texts.append(
            try instance.credential.open(for: instance.sealingContext, by: ring.sealing).username)
        let answer = try #require(try await store.keptAnswer("k", at: .start))
        let body = try ring.sealing.open(answer.body, KeptAnswer.sealingContext)
        return texts + [String(decoding: body, as: UTF8.self)]
    }

    private static let all = [
        "secret 0", "secret 1", "secret 2", "identity", "token", "user", "body",
    ]

    private func rekey(
        _ ring: KeyRing, at now: @escaping @Sendable () -> Timestamp = { .start },
        settle: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> Rekey<MemoryStore>.Outcome {
        try await Rekey(store: store, ring: ring, now: now, settle: settle).run()
    }

    @Test func afterwardsOneNewKeyOpensEverything() async throws {
        let ring = directory.ring()
        try await fill(ring)
        let before = try ring.keys().current
        let outcome = try await rekey(ring)
        let keys = try ring.keys()
        #expect(outcome == .init(keyID: keys.current.id, resealed: 6, keysRemoved: 1))
        #expect(keys.current != before)
        #expect(keys.old == [])
        #expect(try await opened(ring) == Self.all)
        let log = try await store.auditLog(
            matching: AuditFilter(action: .serviceAccountRekeyed), ListRange(limit: 9))
        #expect(log.items.count == 3)
    }

    @Test func theSecretsOfHooksAreEncryptedAnewToo() async throws {
        let ring = directory.ring()
        try await fill(ring)
        let (id, url) = (ids[0], try #require(HookURL("https://hooks.lumen.example/")))
        let sealed = try ["old", "new"].map { text in
            try ring.sealing.seal(Array(text.utf8), HookSecret.sealingContext(of: id))
        }
        try await store.changeHook(of: id, at: .start, for: .test) { hook in
            hook = Hook(
                connectionID: id, url: url, events: [.inviteStarted],
                secrets: sealed.map { HookSecret(sealed: $0, createdAt: .start) },
                createdAt: .start)
        }
        #expect(try await rekey(ring).resealed == 8)
        let secrets = try #require(try await store.hook(of: id)?.secrets)
        #expect(secrets.allSatisfy { ring.sealing.isCurrent($0.sealed) })
        let opened = try secrets.map { secret in
            try ring.sealing.open(secret.sealed, HookSecret.sealingContext(of: id))
        }
        #expect(opened.map { String(decoding: $0, as: UTF8.self) } == ["old", "new"])
        let log = try await store.auditLog(
            matching: AuditFilter(action: .hookChanged), ListRange(limit: 9))
        #expect(log.items.first?.details == ["rekeyed"])
    }

    @Test func cutOffBeforeTheOldKeyLeavesEverythingOpensAndTheNextRunGoesOn() async throws {
        let ring = directory.ring()
        try await fill(ring)
        await #expect(throws: Cut.self) { try await rekey(ring, settle: { throw Cut() }) }
        let between = try ring.keys()
        #expect(between.old.count == 1)
        #expect(try await opened(ring) == Self.all)
        let outcome = try await rekey(ring)
        #expect(outcome.keyID == between.current.id, "the same new key, not another one")
        #expect(try ring.keys().old == [])
        #expect(try await opened(ring) == Self.all)
    }

    /// Each moment at which the store is called, in turn.
    @Test(arguments: 0..<4) func cutOffBetweenTwoSecretsEverythingOpens(after: Int) async throws {
        let ring = directory.ring()
        try await fill(ring)
        let calls = Mutex(0)
        let store = store
        let failure = Failure(.unavailable, "The power is out.")
        await #expect(throws: Failure.self) {
            try await rekey(
                ring,
                at: {
                    calls.withLock { calls in
                        calls += 1
                        if calls > after { store.fail(with: failure) }
                    }
                    return .start
                },
                settle: { store.fail(with: failure) })
        }
        store.fail(with: nil)
        #expect(try ring.keys().old.count == 1)
        #expect(try await opened(ring) == Self.all)
        #expect(try await rekey(ring).keysRemoved == 1)
        #expect(try await opened(ring) == Self.all)
    }

    @Test func whatAServerStillWroteUnderTheOldKeyIsFound() async throws {
        let ring = directory.ring()
        try await fill(ring)
        let late = try account("late", of: ids[1], by: ring)
        let (store, id) = (store, ids[1])
        let outcome = try await rekey(
            ring, settle: { _ = try await store.set(late, of: id, at: .start, for: .test) })
        #expect(outcome.resealed == 7)
        #expect(
            try await opened(ring)
                == ["secret 0", "late", "secret 2", "identity", "token", "user", "body"])
    }

    @Test func ifAnythingCannotBeOpenedNoKeyLeaves() async throws {
        let ring = directory.ring()
        try await fill(ring)
        let lost = try account("lost", of: ids[2], by: try directory.ring(.test(7)))
        _ = try await store.set(lost, of: ids[2], at: .start, for: .test)
        await #expect(throws: Failure.self) { try await rekey(ring) }
        #expect(try ring.keys().old.count == 1)
        #expect(try directory.ring(nil, [.test(7)]).keys().old.count == 2)
        #expect(try await opened(directory.ring(nil, [.test(7)])).count == 7)
    }

    @Test func aConfiguredKeyTakesOverFromTheFileWhichGoes() async throws {
        try await fill(directory.ring())
        let ring = try directory.ring(.test(1))
        let outcome = try await rekey(ring)
        #expect(try outcome == .init(keyID: EncryptionKey.test(1).id, resealed: 6, keysRemoved: 1))
        #expect(directory.keyText == nil)
        #expect(try await opened(ring) == Self.all)
        // And the next one from it.
        let next = try directory.ring(.test(2), [.test(1)])
        #expect(try await rekey(next).resealed == 6)
        #expect(try await opened(directory.ring(.test(2))) == Self.all)
    }

    @Test func withNothingSealedThereIsJustANewKey() async throws {
        let ring = directory.ring()
        #expect(try await rekey(ring).keysRemoved == 0)
        let before = try ring.keys().current
        #expect(try await rekey(ring).keysRemoved == 1)
        #expect(try ring.keys().current != before)
    }

    /// The same over a real store, whose files are searched in every form a secret might have.
    @Test func nothingSealedIsReadableInTheDataDirectory() async throws {
        var configuration = MusterConfiguration()
        configuration.dataDirectory = directory.path
        let ring = configuration.keyRing
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let sqlite = try Composition.openStore(configuration, as: .tool, logger)
        let secret = "muster-invented-service-secret"
        try await sqlite.create(Connection.make(1))
        _ = try await sqlite.set(
            account(secret, of: ids[0], by: ring), of: ids[0], at: .start, for: .test)
        let answer = KeptAnswer(
            key: "k", request: "r", status: 201,
            body: try ring.sealing.seal(Array(secret.utf8), KeptAnswer.sealingContext),
            createdAt: .start)
        try await sqlite.create(Connection.make(2), for: Operation(by: .server, answer: answer))
        let before = try ring.keys().current
        let outcome = try await Rekey(
            store: sqlite, ring: ring, now: { .start }, settle: {}
        ).run()
        #expect(outcome.resealed == 2)
        let kept = try #require(try await sqlite.keptAnswer("k", at: .start))
        #expect(
            try ring.sealing.open(kept.body, KeptAnswer.sealingContext) == Array(secret.utf8))
        try await sqlite.close()
        let key = try ring.keys().current
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
            let bytes = try Data(contentsOf: URL(filePath: directory.path).appending(path: name))
            for hidden in [Data(secret.utf8), Data(key.bytes), Data(before.bytes)] {
                let hex = hidden.map { String(format: "%02x", $0) }.joined()
                for form in [hidden, Data(hidden.base64EncodedString().utf8), Data(hex.utf8)] {
                    let isItsPlace = name == KeyFile.name && hidden == Data(key.bytes)
                    #expect(bytes.range(of: form) == nil || isItsPlace, "\(name)")
                }
            }
        }
    }
}

import Audiences

/// Encrypts everything anew under the key that is used now, and takes the old keys out of the file.
///
/// Whenever it is killed, every secret can be opened: an old key leaves last, when nothing needs it
/// any more. Begun again, it goes on.
struct Rekey<
    Store: ConnectionStore & SDKStore & HookStore & InstanceStore & AnswerStore
>: Sendable {
    let store: Store
    let ring: KeyRing
    let now: @Sendable () -> Timestamp
    /// Waits until no server still writes what it encrypted before the key was changed.
    let settle: @Sendable () async throws -> Void

    struct Outcome: Sendable, Hashable {
        var keyID: String
        var resealed: Int
        var keysRemoved: Int
    }

    /// - Throws: `Failure`, if something can't be opened with any key there is; then no key leaves.
    func run() async throws -> Outcome {
        if ring.configured == nil { try ring.file.addKeyIfThereIsOne() }
        let keys = try ring.keys()
        var resealed = try await resealAll()
        if !keys.old.isEmpty {
            // Every process reads the file anew for each secret, so this finds the last of them.
            try await settle()
            resealed += try await resealAll()
        }
        let inFile = try ring.file.keys().filter(keys.old.contains)
        try ring.file.remove(inFile)
        return Outcome(keyID: keys.current.id, resealed: resealed, keysRemoved: inFile.count)
    }

    private func resealAll() async throws -> Int {
        var count = 0
        for connection in try await everything({ try await store.connections($0) }) {
            let id = connection.id
            count += try await resealHook(of: id)
            if let old = connection.serviceAccount?.secret, !ring.sealing.isCurrent(old) {
                let new = try ring.reseal(old, id.text)
                try await store.reseal(old, as: new, of: id, at: now(), for: .commandLine)
                count += 1
            }
            let settings = try await store.sdkSettings(of: id)
            if let old = settings?.identitySecret, !ring.sealing.isCurrent(old) {
                let new = try ring.reseal(old, SDKSettings.sealingContext(of: id))
                try await store.reseal(old, as: new, identityOf: id)
                count += 1
            }
        }
        count += try await resealInstances()
        return try await count
            + store.resealAnswers { sealed throws(Failure) in
                ring.sealing.isCurrent(sealed)
                    ? sealed : try ring.reseal(sealed, KeptAnswer.sealingContext)
            }
    }

    private func resealHook(of id: ConnectionID) async throws -> Int {
        let context = HookSecret.sealingContext(of: id)
        let old = try await store.hook(of: id)?.secrets.map(\.sealed) ?? []
        let exchanges = try old.filter { !ring.sealing.isCurrent($0) }
            .map { ($0, try ring.reseal($0, context)) }
        guard !exchanges.isEmpty else { return 0 }
        try await store.changeHook(of: id, at: now(), for: .commandLine) { hook throws(Failure) in
            for (old, new) in exchanges { hook?.reseal(old, as: new) }
        }
        return exchanges.count
    }
}

extension Rekey {
    /// Tokens and credentials of element instances.
    private func resealInstances() async throws -> Int {
        var count = 0
        let all = try await everything { try await store.instances(matching: InstanceFilter(), $0) }
        for instance in all {
            let sealed = [instance.token.sealed, instance.credential.sealed]
            guard !sealed.allSatisfy(ring.sealing.isCurrent) else { continue }
            let new = try sealed.map { old throws(Failure) in
                try ring.reseal(old, instance.sealingContext)
            }
            try await store.reseal(instance, token: new[0], credential: new[1])
            count += 1
        }
        return count
    }
}

extension KeyRing {
    fileprivate func reseal(
        _ sealed: SealedSecret, _ context: String
    ) throws(Failure) -> SealedSecret {
        let plain = try sealing.open(sealed, context)
        return try sealing.seal(plain, context)
    }
}

package import Audiences

extension HistoryPlayer {
    private static let ids = (0..<6).map { "n\($0)" } + (0..<3).map { "r\($0)" } + ["crowd1-7"]

    /// How many people are asked for after a step: others of them are known from earlier steps.
    private static let askedMax = 3

    /// What a store tells at once is what it finds when it looks, also when it is asked again: what
    /// it knows from before, and what was written before.
    mutating func compareAtOnce() async throws {
        for text in Self.ids.shuffled(using: &random).prefix(Self.askedMax) {
            let id = ExternalID.make(text)
            let found = try await rig.store.memberships(matching: id, in: nil)
            let expected = found.written(at: now)
            for _ in 0..<3 {
                let told = rig.store.membershipsAtOnce(matching: id, at: now) { [now] in
                    Array($0.written(at: now).utf8)
                }
                guard let told else { continue }
                try expect(
                    "\(text): " + String(decoding: told, as: UTF8.self), "\(text): " + expected)
            }
        }
    }
}

extension [Membership] {
    /// All there is to tell about them at that time.
    package func written(at now: Timestamp) -> String {
        map { "\($0) \($0.freshness.status(at: now))" }.joined(separator: "\n")
    }
}

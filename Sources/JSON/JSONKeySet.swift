/// The keys of one object that were seen so far, to notice a repeated one.
///
/// Few keys are compared one by one, which needs no memory for each; beyond
/// ``comparedKeysMax`` they are hashed (with Swift's per-process seed), so that an object of
/// very many keys does not cost the square of their number.
struct JSONKeySet {
    static let comparedKeysMax = 16

    private var few: [String.UTF8View] = []
    private var many: Set<[UInt8]> = []

    /// - Returns: `false` if the key was there before, byte for byte.
    mutating func insert(_ key: String.UTF8View) -> Bool {
        if many.isEmpty {
            guard !few.contains(where: { $0.elementsEqual(key) }) else { return false }
            few.append(key)
            if few.count > Self.comparedKeysMax { many = Set(few.map(Array.init)) }
            return true
        }
        return many.insert(Array(key)).inserted
    }
}

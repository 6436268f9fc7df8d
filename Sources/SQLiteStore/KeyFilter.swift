/// Says of most hashes that were never added that they were not; never so of one that was.
///
/// A Bloom filter whose bits for one hash are in one word, so that a question costs one access of
/// memory (Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007).
/// The hashes have to look random.
struct KeyFilter {
    /// How much memory a hash takes if as many are added as there is room for.
    ///
    /// With 10 bits a hash 2 % of the others are taken for added, with 5 bits 11 %.
    static let bitsPerKey = 10

    private var words: [UInt64]

    /// With room for so many hashes; more make it worse, not wrong.
    init(keys: Int) {
        words = [UInt64](repeating: 0, count: max(1, keys * Self.bitsPerKey / 64))
    }

    mutating func add(_ hash: Int64) {
        words[word(of: hash)] |= Self.bits(of: hash)
    }

    func mayHave(_ hash: Int64) -> Bool {
        let bits = Self.bits(of: hash)
        return words[word(of: hash)] & bits == bits
    }

    /// By the upper bits of the hash, so that who adds in the order of the hashes walks.
    private func word(of hash: Int64) -> Int {
        Int(UInt64(bitPattern: hash).multipliedFullWidth(by: UInt64(words.count)).high)
    }

    /// Three bits of a word, by the lower bits of the hash.
    private static func bits(of hash: Int64) -> UInt64 {
        1 << UInt64(hash & 63) | 1 << UInt64(hash >> 6 & 63) | 1 << UInt64(hash >> 12 & 63)
    }
}

/// The hashes of things that stand in a row, each found by its hash, the newest first.
///
/// A thing is named by its place: 0, 1, 2 … in the order of adding. Equal hashes are chained, so
/// adding takes the same time whatever is there: many people may share one reference id.
struct KeyTable {
    /// Where chains begin: the place of the newest thing plus one; 0 is free.
    ///
    /// A power of two of them, at most five eighths in use; a chain has the first free one after
    /// its hash's own.
    private var slots = [UInt32](repeating: 0, count: 16)
    /// For each place the next older one of its chain plus one; 0 ends it.
    private var links: [UInt32] = []
    /// For each place its hash; 0 if it has none.
    private var hashes: [Int64] = []
    /// For each place whether it is found: it has a hash and was not forgotten.
    private var isKept: [Bool] = []

    init() {}

    /// With room for so many things.
    init(capacity: Int) {
        while slots.count < capacity * 2 { slots.append(contentsOf: slots) }
        links.reserveCapacity(capacity)
        hashes.reserveCapacity(capacity)
        isKept.reserveCapacity(capacity)
    }

    /// How many things were added and not removed again.
    var count: Int { hashes.count }

    /// Adds a thing; one without a hash takes a place and is never found.
    mutating func append(_ hash: Int64?) {
        if slots.count * 5 < (count + 1) * 8 { grow() }
        hashes.append(hash ?? 0)
        links.append(0)
        isKept.append(hash != nil)
        if hash != nil { chain(count - 1) }
    }

    /// Removes the thing that was added last.
    mutating func removeLast() {
        guard let hash = hashes.last, let link = links.last else { return }
        let slot = slot(of: hash)
        // Whatever was chained later is gone already, so no later search misses a freed slot.
        if slots[slot] == UInt32(truncatingIfNeeded: count) { slots[slot] = link }
        hashes.removeLast()
        links.removeLast()
        isKept.removeLast()
    }

    /// Makes a thing unfindable; its place stays.
    mutating func forget(_ place: Int) {
        if isKept.indices.contains(place) { isKept[place] = false }
    }

    /// The hash of a thing; `nil` if it has none, is forgotten, or is not there.
    func hash(_ place: Int) -> Int64? {
        isKept.indices.contains(place) && isKept[place] ? hashes[place] : nil
    }

    /// The newest thing of a hash.
    func newest(_ hash: Int64) -> Int? {
        kept(slots[slot(of: hash)])
    }

    /// The next older thing of the same hash.
    func older(than place: Int) -> Int? {
        links.indices.contains(place) ? kept(links[place]) : nil
    }

    private func kept(_ link: UInt32) -> Int? {
        var link = link
        while link != 0 {
            let place = Int(link) - 1
            if isKept[place] { return place }
            link = links[place]
        }
        return nil
    }

    /// The places that have a hash, in the order of the upper 16 bits of the hashes.
    ///
    /// Who goes to the tree pages of an index that way comes to each once; and unlike the order of
    /// whole hashes it takes a few milliseconds for a quarter of a million, while pages wait.
    var sorted: [UInt32] {
        let kept = hashes.indices.lazy.filter { isKept[$0] }
        let part = { (hash: Int64) in Int(truncatingIfNeeded: (hash >> 48) + (1 << 15)) }
        var starts = [Int](repeating: 0, count: 1 << 16 + 1)
        for place in kept { starts[part(hashes[place]) + 1] += 1 }
        for part in starts.indices.dropFirst() { starts[part] += starts[part - 1] }
        var places = [UInt32](repeating: 0, count: starts.last ?? 0)
        for place in kept {
            let part = part(hashes[place])
            places[starts[part]] = UInt32(truncatingIfNeeded: place)
            starts[part] += 1
        }
        return places
    }

    // MARK: Slots

    /// Where the chain of a hash begins, or would.
    private func slot(of hash: Int64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0, hashes[Int(slots[slot]) - 1] != hash { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func chain(_ place: Int) {
        let slot = slot(of: hashes[place])
        links[place] = slots[slot]
        slots[slot] = UInt32(truncatingIfNeeded: place + 1)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for place in hashes.indices where isKept[place] { chain(place) }
    }
}

import Audiences

/// The answers of ``KnownAnswers`` about people: a table of bounded size.
///
/// What changes with every page is kept apart: an audience's name and freshness are known once, for
/// all who are in it.
struct KnownMemberships {
    /// How many match ids there is room for.
    static let placesMax = 65_536

    /// How much memory the answers may take, as far as it is counted: of a quarter of an hour's
    /// visitors, while the pages still have theirs.
    static let bytesMax = 16 * 1024 * 1024

    /// In how many audiences somebody may be to be known.
    static let audiencesMax = 16

    /// How long a written answer may be to be kept.
    static let writtenBytesMax = 4096

    /// How many audiences are known at most.
    static let audienceCountMax = 4096

    /// How many of the places one hash may be in; the next of them takes the place of the one that
    /// was not asked for.
    ///
    /// Their hashes fill a line of the processor's cache. With half as many, 4 in 100 of 20,000
    /// people took their places from each other, and were read again when they were asked for.
    private static let ways = 8

    private struct Row {
        /// Its number in ``audiences``.
        let audience: Int
        let enteredAt: Timestamp
        let session: Int64?
        let source: MembershipSource?
    }

    private struct Entry {
        /// `nil` in an empty place.
        var id: ExternalID?
        var rows: [Row] = []
        /// The answer as it was written, for that state of the audiences; empty until somebody has.
        var written: [UInt8] = []
        var mark: Mark = 0
        /// What an app was last told.
        var configuration: Configuration?

        /// In round figures: what the parts take that have memory of their own.
        var bytes: Int {
            let sources = rows.reduce(0) { $0 + ($1.source?.sessionID?.text.utf8.count ?? 0) + 48 }
            return 96 + (id?.text.utf8.count ?? 0) + rows.count * MemoryLayout<Row>.stride + sources
                + written.count + (configuration?.written.count ?? 0)
        }
    }

    /// The configuration that somebody's app was told, as it was written.
    ///
    /// Nothing that it is decided by changes while the person is known, but time.
    struct Configuration {
        /// An id may be of people of several connections; it is known for one of them.
        let connection: ConnectionID
        let written: [UInt8]
        /// When it was decided.
        let begin: Timestamp
        /// Time alone may have it decided otherwise from then on.
        let end: Timestamp
    }

    /// What of an audience every asker is told.
    private struct AudienceName {
        let id: AudienceID
        let name: String?

        func isSame(as other: AudienceName) -> Bool {
            // Bytes: names that only look the same are not.
            id == other.id && name.map { Array($0.utf8) } == other.name.map { Array($0.utf8) }
        }
    }

    /// What is looked at for every asker: no texts, whose copies two loops would have to count.
    private struct AudienceState {
        var freshness: Freshness
        /// Another one whenever something of the audience is.
        var edition: Int
        /// Whether it need not be read again.
        var isTrue = true

        /// Tells its state from every other one it has had or will have, in sums as well: of the
        /// same edition, only the status may be another one.
        func mark(at now: Timestamp) -> Mark {
            let status =
                switch freshness.status(at: now) {
                case .live: 0
                case .stale: 1
                case .held: 2
                case .filling: 3
                }
            return edition * 4 * KnownMemberships.audiencesMax + status
        }
    }

    /// The state of all audiences of an answer: the sum of their marks.
    typealias Mark = Int

    enum Found {
        case written([UInt8])
        case known([Membership], Mark)
    }

    /// The hash at each place.
    ///
    /// 0 for an empty one; no memory is taken before something is known.
    private var hashes: [Int64] = []
    private var entries: [Entry] = []
    private var wasAsked: [Bool] = []
    private var bytes = 0
    /// The place that is looked at next when the memory is full.
    private var hand = 0
    private var audiences: [AudienceState] = []
    private var audienceNames: [AudienceName] = []
    private var audienceNumbers: [Int64: Int] = [:]
    private var audienceEditions = 0

    var count: Int { hashes.count { $0 != 0 } }

    private func firstPlace(_ hash: Int64) -> Int {
        let sets = Self.placesMax / Self.ways
        return Int(truncatingIfNeeded: UInt64(bitPattern: hash) % UInt64(sets)) * Self.ways
    }

    private func place(_ hash: Int64) -> Int? {
        guard !hashes.isEmpty else { return nil }
        let first = firstPlace(hash)
        for place in first..<(first + Self.ways) where hashes[place] == hash { return place }
        return nil
    }

    /// What the store would answer; `nil` if that is not known.
    mutating func find(_ id: ExternalID, _ hash: Int64, at now: Timestamp) -> Found? {
        guard let place = place(hash), entries[place].id == id else { return nil }
        var mark = 0
        for row in entries[place].rows.indices {
            let audience = entries[place].rows[row].audience
            guard audiences[audience].isTrue else { return nil }
            mark += audiences[audience].mark(at: now)
        }
        wasAsked[place] = true
        if entries[place].mark == mark, !entries[place].written.isEmpty {
            return .written(entries[place].written)
        }
        let found = entries[place].rows.map { row in
            let audience = audienceNames[row.audience]
            return Membership(
                audience: audience.id, name: audience.name, enteredAt: row.enteredAt,
                source: row.source, freshness: audiences[row.audience].freshness)
        }
        return .known(found, mark)
    }

    mutating func keep(
        written bytes: [UInt8], of id: ExternalID, _ hash: Int64, _ mark: Mark
    ) {
        guard bytes.count <= Self.writtenBytesMax, let place = place(hash),
            entries[place].id == id
        else { return }
        var entry = entries[place]
        empty(place)
        entry.written = bytes
        entry.mark = mark
        put(entry, hash, at: place)
        wasAsked[place] = true
    }

    /// What an app of the connection was told, if that is known.
    mutating func configuration(
        of connection: ConnectionID, _ id: ExternalID, _ hash: Int64, at now: Timestamp
    ) -> [UInt8]? {
        guard let place = place(hash), entries[place].id == id,
            let known = entries[place].configuration, known.connection == connection,
            known.begin <= now, now < known.end
        else { return nil }
        wasAsked[place] = true
        return known.written
    }

    /// The audiences somebody is in; `nil` if that is not known.
    func audiences(_ id: ExternalID, _ hash: Int64) -> Set<AudienceID>? {
        guard let place = place(hash), entries[place].id == id else { return nil }
        return Set(entries[place].rows.map { audienceNames[$0.audience].id })
    }

    /// Of somebody who is known already.
    mutating func keep(_ configuration: Configuration, of id: ExternalID, _ hash: Int64) {
        guard configuration.written.count <= Self.writtenBytesMax, let place = place(hash),
            entries[place].id == id
        else { return }
        var entry = entries[place]
        empty(place)
        entry.configuration = configuration
        put(entry, hash, at: place)
        wasAsked[place] = true
    }

    mutating func keep(_ rows: [MembershipRow], matching id: ExternalID, _ hash: Int64) {
        // An empty place has the hash 0.
        guard hash != 0, rows.count <= Self.audiencesMax else { return }
        if audiences.count + rows.count > Self.audienceCountMax { self = KnownMemberships() }
        if hashes.isEmpty {
            hashes = Array(repeating: 0, count: Self.placesMax)
            entries = Array(repeating: Entry(), count: Self.placesMax)
            wasAsked = Array(repeating: false, count: Self.placesMax)
        }
        let entry = Entry(
            id: id,
            rows: rows.map { row in
                Row(
                    audience: number(of: row), enteredAt: row.item.enteredAt, session: row.session,
                    source: row.item.source)
            })
        let place = place(hash) ?? placeToTake(hash)
        var kept = entry
        // Does not say what audiences are called and how fresh they are, which is read anew.
        if entries[place].id == id { kept.configuration = entries[place].configuration }
        empty(place)
        put(kept, hash, at: place)
    }

    private mutating func put(_ entry: Entry, _ hash: Int64, at place: Int) {
        bytes += entry.bytes
        hashes[place] = hash
        entries[place] = entry
        wasAsked[place] = false
        while bytes > Self.bytesMax { passHand(but: place) }
    }

    /// The number of the row's audience, of which now is known what the row says.
    private mutating func number(of row: MembershipRow) -> Int {
        let item = row.item
        let name = AudienceName(id: item.audience, name: item.name)
        guard let number = audienceNumbers[row.audience] else {
            audienceNumbers[row.audience] = audiences.count
            audiences.append(nextState(item.freshness))
            audienceNames.append(name)
            return audiences.count - 1
        }
        if audienceNames[number].isSame(as: name), audiences[number].freshness == item.freshness {
            audiences[number].isTrue = true
        } else {
            audiences[number] = nextState(item.freshness)
            audienceNames[number] = name
        }
        return number
    }

    private mutating func nextState(_ freshness: Freshness) -> AudienceState {
        audienceEditions += 1
        return AudienceState(freshness: freshness, edition: audienceEditions)
    }

    private mutating func placeToTake(_ hash: Int64) -> Int {
        let first = firstPlace(hash)
        let places = first..<(first + Self.ways)
        if let free = places.first(where: { hashes[$0] == 0 }) { return free }
        if let idle = places.first(where: { !wasAsked[$0] }) { return idle }
        for place in places { wasAsked[place] = false }
        return first
    }

    /// Empties the next place, unless it was asked for since the hand last passed.
    private mutating func passHand(but kept: Int) {
        hand = (hand + 1) % Self.placesMax
        if wasAsked[hand] {
            wasAsked[hand] = false
        } else if hand != kept {
            empty(hand)
        }
    }

    private mutating func empty(_ place: Int) {
        guard hashes[place] != 0 else { return }
        bytes -= entries[place].bytes
        hashes[place] = 0
        entries[place] = Entry()
    }

    // MARK: What is true no more

    mutating func forget(_ hash: Int64) {
        if let place = place(hash) { empty(place) }
    }

    mutating func forget(audience: Int64) {
        if let number = audienceNumbers[audience] { audiences[number].isTrue = false }
    }

    mutating func forget(sessions: Set<Int64>) {
        for place in entries.indices {
            let isNamed = entries[place].rows.contains { row in
                row.session.map(sessions.contains) ?? false
            }
            if isNamed { empty(place) }
        }
    }
}

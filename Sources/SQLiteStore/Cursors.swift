import Audiences

/// A place in a list, as text that callers hand back.
///
/// A letter for the list, a version, then row ids, joined by hyphens: `m1-12-3456`. Its form is
/// nobody's business; whoever makes one up gets an answer about a place, never a secret, for rows
/// are always checked against the audience that was asked for.
struct Place: Hashable {
    enum List: String {
        case audiences = "a1"
        case connections = "c1"
        case operatorKeys = "k1"
        case syncs = "s1"
        case members = "m1"
        case sharedReferences = "r1"
        case reconciliations = "n1"
        case differences = "d1"
        case audit = "l1"
        case studies = "t1"
        case launchRules = "u1"
        case invites = "i1"
        case deliveries = "h1"
        case elementUsers = "e1"
        case instances = "j1"
        case bulkJobs = "b1"
    }

    /// The row to which the list is bound, if it is: an audience, a snapshot.
    var scope: Int64
    /// The last row that was answered.
    var row: Int64

    func cursor(in list: List) -> Cursor {
        Cursor("\(list.rawValue)-\(scope)-\(row)")
    }

    /// Reads a cursor.
    ///
    /// Throws `invalid` unless ``cursor(in:)`` could have made it for this list.
    init(_ cursor: Cursor, in list: List) throws(Failure) {
        let parts = cursor.text.utf8.split(separator: UInt8(ascii: "-"), maxSplits: 3)
        guard parts.count == 3, parts[0].elementsEqual(list.rawValue.utf8),
            let scope = Self.number(parts[1]), let row = Self.number(parts[2])
        else { throw Self.invalid }
        self.init(scope: scope, row: row)
        guard self.cursor(in: list) == cursor else { throw Self.invalid }
    }

    init(scope: Int64 = 0, row: Int64) {
        self.scope = scope
        self.row = row
    }

    static let invalid = Failure(
        .invalid, "The cursor is none of this list; start from the first page.")

    /// A number of digits only; `nil` if it is none or too big.
    private static func number(_ digits: Substring.UTF8View) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int64(digit - 0x30))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}

extension ListRange {
    /// Throws `invalid` unless the limit is one a list can answer.
    func validate() throws(Failure) {
        guard (1...Limits.listItemsMax).contains(limit) else {
            throw Failure(.invalid, "limit must be 1 to \(Limits.listItemsMax).")
        }
    }

    /// Where to go on, for a list that is bound to nothing.
    func place(in list: Place.List) throws(Failure) -> Int64? {
        guard let after else { return nil }
        return try Place(after, in: list).row
    }
}

extension ListPage {
    /// A page out of rows of which one more than `limit` was asked for.
    init(
        _ rows: [(id: Int64, item: Item)], limit: Int, cursor: (Int64) -> Cursor
    ) {
        let page = rows.prefix(limit)
        self.init(
            items: page.map(\.item),
            next: rows.count > limit ? page.last.map { cursor($0.id) } : nil)
    }
}

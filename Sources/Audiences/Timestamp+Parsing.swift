extension Timestamp {
    /// Reads an RFC 3339 time (section 5.6): `2026-01-31T08:57:52Z`, with any fraction of a second
    /// (milliseconds are kept) and `Z` or an offset.
    ///
    /// Leap seconds and years before 1970 are refused: nothing here happened then.
    package init?(rfc3339 text: String) {
        var rest = Array(text.utf8)[...]
        guard let year = rest.takeNumber(4), rest.take("-"), let month = rest.takeNumber(2),
            rest.take("-"), let day = rest.takeNumber(2), rest.take("T") || rest.take("t"),
            let hour = rest.takeNumber(2), rest.take(":"), let minute = rest.takeNumber(2),
            rest.take(":"), let second = rest.takeNumber(2),
            let fraction = rest.takeFraction(), let offset = rest.takeOffset(), rest.isEmpty,
            year >= 1970, (1...12).contains(month), day >= 1,
            day <= Self.days(in: month, of: year), hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.days(before: year, month) + day - 1
        let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
        self.init(milliseconds: Int64(seconds * 1000 + fraction))
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    /// Days from 1970-01-01 to the first of a month.
    private static func days(before year: Int, _ month: Int) -> Int {
        let earlier = year - 1
        let leaps =
            earlier / 4 - earlier / 100 + earlier / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400)
        let years = (year - 1970) * 365 + leaps
        return (1..<month).reduce(years) { $0 + days(in: $1, of: year) }
    }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard first == UInt8(ascii: mark) else { return false }
        removeFirst()
        return true
    }

    /// Exactly that many digits.
    fileprivate mutating func takeNumber(_ digits: Int) -> Int? {
        guard count >= digits else { return nil }
        var number = 0
        for byte in prefix(digits) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        removeFirst(digits)
        return number
    }

    /// Milliseconds; 0 if there is no fraction, `nil` if it has no digits.
    fileprivate mutating func takeFraction() -> Int? {
        guard take(".") else { return 0 }
        var milliseconds = 0
        var weight = 100
        var digits = 0
        while let digit = takeNumber(1) {
            milliseconds += digit * weight
            weight /= 10
            digits += 1
        }
        return digits > 0 ? milliseconds : nil
    }

    /// Minutes to the east.
    fileprivate mutating func takeOffset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isWest = first == UInt8(ascii: "-")
        guard take("+") || take("-"), let hours = takeNumber(2), take(":"),
            let minutes = takeNumber(2), hours < 24, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isWest ? -1 : 1)
    }
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
///
/// The domain's only notion of time.
///
/// Nothing in the domain reads a clock; callers pass `now`.
package struct Timestamp: Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// Milliseconds from `earlier` to here; negative if the clock went back, never a trap.
    package func since(_ earlier: Timestamp) -> Int64 {
        let (difference, overflow) =
            milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        guard overflow else { return difference }
        return milliseconds < earlier.milliseconds ? .min : .max
    }

    /// 00:00 UTC of this day.
    package var dayBegin: Timestamp { Self(day: dayNumber) }

    /// 00:00 UTC of the next day; the last moment there is, if that is sooner.
    package var nextDayBegin: Timestamp {
        let (begin, overflow) = dayBegin.milliseconds
            .addingReportingOverflow(Self.dayMilliseconds)
        return Self(milliseconds: overflow ? .max : begin)
    }

    /// 00:00 UTC of this week's Monday.
    package var weekBegin: Timestamp {
        // Day 0 was a Thursday.
        let sinceMonday = dayNumber + 3 - (dayNumber + 3).flooredQuotient(by: 7) * 7
        return Self(day: dayNumber - sinceMonday)
    }

    /// 00:00 UTC of this month's first day.
    package var monthBegin: Timestamp {
        let (_, _, dayOfMonth) = Self.civil(fromDays: dayNumber)
        return Self(day: dayNumber - Int64(dayOfMonth - 1))
    }

    private static let dayMilliseconds: Int64 = 86_400_000

    private var dayNumber: Int64 { milliseconds.flooredQuotient(by: Self.dayMilliseconds) }

    /// The first moment there is, if the day began before.
    private init(day: Int64) {
        let (begin, overflow) = day.multipliedReportingOverflow(by: Self.dayMilliseconds)
        self.init(milliseconds: overflow ? .min : begin)
    }

    /// RFC 3339 in UTC with milliseconds: `2026-01-31T08:57:52.000Z`.
    package var rfc3339: String {
        let days = dayNumber
        let rest = Int(milliseconds - days * Self.dayMilliseconds)
        let (year, month, dayOfMonth) = Self.civil(fromDays: days)
        // In bytes: an answer may hold thousands of times.
        var text = Array(String(year).utf8)
        text.insert(contentsOf: [UInt8](repeating: zero, count: max(0, 4 - text.count)), at: 0)
        text.reserveCapacity(24)
        text.append(UInt8(ascii: "-"), month, 2)
        text.append(UInt8(ascii: "-"), dayOfMonth, 2)
        text.append(UInt8(ascii: "T"), rest / 3_600_000, 2)
        text.append(UInt8(ascii: ":"), rest / 60_000 % 60, 2)
        text.append(UInt8(ascii: ":"), rest / 1000 % 60, 2)
        text.append(UInt8(ascii: "."), rest % 1000, 3)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// The proleptic Gregorian date of a day number, counted from 1970-01-01.
    ///
    /// Years begin in March here, so that the leap day is the last day of its year and every
    /// month before it has a fixed offset.
    private static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (Int(year), Int(month), Int(day))
    }
}

private let zero = UInt8(ascii: "0")

extension [UInt8] {
    /// A mark, and a number of that many digits, 3 at most.
    fileprivate mutating func append(_ mark: UInt8, _ number: Int, _ digits: Int) {
        append(mark)
        if digits > 2 { append(zero + UInt8(truncatingIfNeeded: number / 100 % 10)) }
        append(zero + UInt8(truncatingIfNeeded: number / 10 % 10))
        append(zero + UInt8(truncatingIfNeeded: number % 10))
    }
}

extension Int64 {
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// The `Date` field's format (RFC 9110 section 5.6.7, IMF-fixdate), without a calendar library:
/// it is needed once a second on every loop.
package enum HTTPDate {
    /// The last second of the year 9999; the format has four digits for the year.
    private static let secondsMax = 253_402_300_799

    /// Writes a time, UTC and without leap seconds, held to the years 1970...9999, as 29 bytes:
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func format(secondsSince1970: Int) -> [UInt8] {
        let seconds = min(max(secondsSince1970, 0), secondsMax)
        let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let date = civilDate(daysSince1970: days)
        var text: [UInt8] = []
        text.reserveCapacity(29)
        // 1 January 1970 was a Thursday.
        text += name((days + 4) % 7, of: "SunMonTueWedThuFriSat")
        text += [Grammar.comma, Grammar.space]
        text += twoDigits(date.day) + [Grammar.space]
        text += name(date.month - 1, of: "JanFebMarAprMayJunJulAugSepOctNovDec") + [Grammar.space]
        text += twoDigits(date.year / 100) + twoDigits(date.year % 100) + [Grammar.space]
        text += twoDigits(second / 3_600) + [Grammar.colon]
        text += twoDigits(second / 60 % 60) + [Grammar.colon]
        text += twoDigits(second % 60)
        text += Array(" GMT".utf8)
        return text
    }

    /// Counts in eras of 400 years and in years that begin in March, so that the leap day is the
    /// last of its year.
    private static func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let daysBefore1970 = 719_468  // from 1 March of the year 0
        let daysOfEra = 146_097
        let (era, dayOfEra) = (days + daysBefore1970).quotientAndRemainder(dividingBy: daysOfEra)
        let leapDays = dayOfEra / 1_460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // Five months are 153 days from March on, and again from August on.
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func name(_ index: Int, of names: String) -> [UInt8] {
        Array(names.utf8.dropFirst(index * 3).prefix(3))
    }

    private static func twoDigits(_ number: Int) -> [UInt8] {
        let (tens, ones) = number.quotientAndRemainder(dividingBy: 10)
        return [UInt8(ascii: "0") + UInt8(tens), UInt8(ascii: "0") + UInt8(ones)]
    }
}

import Audiences
import Foundation
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (1_795_255_072_007, "2026-11-21T09:57:52.007Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func isWrittenAsRFC3339(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test func agreesWithFoundationOnEveryDayOfFourCenturies() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for day in stride(from: -80_000, to: 80_000, by: 37) {
            let milliseconds = Int64(day) * 86_400_000 + 12_345_500
            let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            #expect(Timestamp(milliseconds: milliseconds).rfc3339 == date.formatted(style))
        }
    }

    @Test func whatIsWrittenIsReadBack() {
        for day in stride(from: 0, to: 80_000, by: 37) {
            let time = Timestamp(milliseconds: Int64(day) * 86_400_000 + 12_345_678)
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29t00:00:00z", 951_782_400_000),
        ("2026-11-21T09:57:52.007Z", 1_795_255_072_007),
        ("2026-11-21T09:57:52.0079999999999999999999Z", 1_795_255_072_007),
        ("2026-11-21T09:57:52.5Z", 1_795_255_072_500),
        ("2026-11-21T11:27:52.007+01:30", 1_795_255_072_007),
        ("2026-11-20T23:57:52.007-10:00", 1_795_255_072_007),
    ])
    func rfc3339IsRead(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text) == Timestamp(milliseconds: milliseconds))
    }

    @Test(arguments: [
        "", "2026", "2026-11-21", "2026-11-21T09:57Z", "2026-11-21T09:57:52", "now",
        "2026-11-21 09:57:52Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00ZZ", "1969-12-31T23:59:59Z",
        "+026-01-01T00:00:00Z", "٢٠٢٦-01-01T00:00:00Z", "02026-01-01T00:00:00Z",
    ])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func aDifferenceThatDoesNotFitIsTheLargestOneThatDoes() {
        let first = Timestamp(milliseconds: .min)
        let last = Timestamp(milliseconds: .max)
        #expect(last.since(first) == .max)
        #expect(first.since(last) == .min)
        #expect(Timestamp(milliseconds: 5).since(Timestamp(milliseconds: 7)) == -2)
    }

    @Test(arguments: [
        // A Sunday, a Monday, a leap day, a first, the year's last day, before 1970.
        ("2026-11-22T23:59:59.999Z", "2026-11-22", "2026-11-16", "2026-11-01"),
        ("2026-11-23T00:00:00.000Z", "2026-11-23", "2026-11-23", "2026-11-01"),
        ("2024-02-29T12:00:00.000Z", "2024-02-29", "2024-02-26", "2024-02-01"),
        ("2026-12-01T00:00:00.000Z", "2026-12-01", "2026-11-30", "2026-12-01"),
        ("2026-12-31T23:59:59.999Z", "2026-12-31", "2026-12-28", "2026-12-01"),
        ("1970-01-01T00:00:00.000Z", "1970-01-01", "1969-12-29", "1970-01-01"),
    ])
    func periodsBeginAtMidnight(
        text: String, day: String, week: String, month: String
    ) throws {
        let time = try #require(Timestamp(rfc3339: text))
        #expect(time.dayBegin.rfc3339 == day + "T00:00:00.000Z")
        #expect(time.nextDayBegin.since(time.dayBegin) == 86_400_000)
        #expect(time.weekBegin.rfc3339 == week + "T00:00:00.000Z")
        #expect(time.monthBegin.rfc3339 == month + "T00:00:00.000Z")
    }

    @Test func periodsAgreeWithFoundationOnEveryDayOfFourCenturies() throws {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: -80_000, to: 80_000, by: 37) {
            let time = Timestamp(milliseconds: Int64(day) * 86_400_000 + 12_345_678)
            let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
            let week = try #require(calendar.dateInterval(of: .weekOfYear, for: date))
            let month = try #require(calendar.dateInterval(of: .month, for: date))
            #expect(time.weekBegin.milliseconds == Int64(week.start.timeIntervalSince1970) * 1000)
            #expect(time.monthBegin.milliseconds == Int64(month.start.timeIntervalSince1970) * 1000)
        }
    }

    @Test(arguments: [Int64.min, .max])
    func periodsAtTheEndsOfTimeDoNotTrap(milliseconds: Int64) {
        let time = Timestamp(milliseconds: milliseconds)
        #expect(time.dayBegin <= time)
        #expect(time.nextDayBegin >= time)
        #expect(time.weekBegin <= time.dayBegin)
        #expect(time.monthBegin <= time.dayBegin)
    }
}

import Audiences
import TestSupport
import Testing

@testable import SQLiteStore

/// The table of what is known, by itself: what it keeps, and what goes when it is full.
final class KnownMembershipsTests {
    private var table = KnownMemberships()

    private func row(_ audience: Int64, name: String? = nil, isHeld: Bool = false) -> MembershipRow
    {
        MembershipRow(
            audience: audience,
            item: Membership(
                audience: AudienceID(unchecked: "aud_\(audience)"), name: name, enteredAt: .start,
                source: MembershipSource(action: .members, sessionID: .make("S"), page: 1),
                freshness: Freshness(asOf: .start, isHeld: isHeld)),
            session: audience)
    }

    private func found(_ id: String, _ hash: Int64) -> [Membership]? {
        guard case .known(let found, _) = table.find(.make(id), hash, at: .start) else {
            return nil
        }
        return found
    }

    @Test func twoIDsOfOneHashAreNotMixedUp() {
        table.keep([row(1)], matching: .make("ada"), 5)
        #expect(found("bo", 5) == nil)
        table.keep([], matching: .make("bo"), 5)
        #expect(found("bo", 5) == [])
        #expect(found("ada", 5) == nil)
        table.keep([], matching: .make("zero"), 0)
        #expect(found("zero", 0) == nil)
    }

    @Test func anAudienceIsKnownOnceForAll() {
        table.keep([row(1, name: "One")], matching: .make("ada"), 1)
        table.keep([row(1, name: "Two")], matching: .make("bo"), 2)
        #expect(found("ada", 1)?.first?.name == "Two")
        table.forget(audience: 1)
        #expect(found("ada", 1) == nil)
        table.keep([row(1, name: "Two")], matching: .make("bo"), 2)
        #expect(found("ada", 1)?.first?.name == "Two")
    }

    @Test func whatWasWrittenIsOfOneState() throws {
        table.keep([row(1), row(2)], matching: .make("ada"), 1)
        guard case .known(_, let mark) = table.find(.make("ada"), 1, at: .start) else {
            Issue.record("nobody is known")
            return
        }
        table.keep(written: [7], of: .make("ada"), 1, mark)
        func isWritten(_ now: Timestamp) -> Bool {
            if case .written([7]) = table.find(.make("ada"), 1, at: now) { true } else { false }
        }
        #expect(isWritten(.start))
        #expect(!isWritten(.start.after(hours: 9)))
        #expect(isWritten(.start))
        // The same again is the same state; anything else never is again.
        table.keep([row(1)], matching: .make("bo"), 2)
        #expect(isWritten(.start))
        table.keep([row(1, isHeld: true)], matching: .make("bo"), 2)
        table.keep([row(1)], matching: .make("bo"), 2)
        #expect(!isWritten(.start))
    }

    @Test func namesAreTheSameByTheirBytes() {
        table.keep([row(1, name: "\u{e9}")], matching: .make("ada"), 1)
        table.keep([row(1, name: "e\u{301}")], matching: .make("bo"), 2)
        #expect(found("ada", 1)?.first?.name?.utf8.count == 3)
    }

    // MARK: Limits

    @Test(arguments: [
        (KnownMemberships.audiencesMax, true), (KnownMemberships.audiencesMax + 1, false),
    ])
    func somebodyInTooManyAudiencesIsNotKnown(_ count: Int, _ isKnown: Bool) {
        table.keep((1...count).map { row(Int64($0)) }, matching: .make("ada"), 1)
        #expect((found("ada", 1) != nil) == isKnown)
    }

    @Test(arguments: [
        (KnownMemberships.writtenBytesMax, true), (KnownMemberships.writtenBytesMax + 1, false),
    ])
    func aLongAnswerIsNotKept(_ count: Int, _ isKept: Bool) {
        table.keep([], matching: .make("ada"), 1)
        table.keep(written: Array(repeating: 7, count: count), of: .make("ada"), 1, 0)
        #expect((found("ada", 1) == nil) == isKept)
    }

    @Test func beyondSoManyAudiencesItBeginsAnew() {
        for number in 1...KnownMemberships.audienceCountMax {
            table.keep([row(Int64(number))], matching: .make("p\(number)"), Int64(number))
        }
        #expect(found("p1", 1) != nil)
        table.keep([row(-1)], matching: .make("ada"), -1)
        #expect(found("p1", 1) == nil)
        #expect(found("ada", -1) != nil)
    }

    /// Of nine who want the same eight places, the one who was not asked for goes.
    @Test func whoIsAskedForStays() {
        let hashes = (0...8).map { Int64(1 + $0 * KnownMemberships.placesMax) }
        for hash in hashes.prefix(8) { table.keep([], matching: .make("p\(hash)"), hash) }
        for hash in hashes.prefix(8) where hash != hashes[2] {
            #expect(found("p\(hash)", hash) != nil)
        }
        table.keep([], matching: .make("p\(hashes[8])"), hashes[8])
        #expect(hashes.filter { found("p\($0)", $0) == nil } == [hashes[2]])
        #expect(table.count == 8)
    }

    @Test func itsMemoryIsBounded() {
        let name = String(repeating: "x", count: 1000)
        let count = 2 * KnownMemberships.bytesMax / 1000
        for number in 1...count {
            table.keep([], matching: .make("\(name)\(number)"), Int64(number))
        }
        // Each is counted with what is about it.
        #expect(table.count < KnownMemberships.bytesMax / 1000)
        #expect(table.count > KnownMemberships.bytesMax / 1200)
        #expect(found("\(name)\(count)", Int64(count)) != nil)
    }
}

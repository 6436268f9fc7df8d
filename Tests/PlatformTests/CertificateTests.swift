import TestSupport
import Testing

@testable import Platform

struct CertificateTests {
    @Test(arguments: [1, 400])
    func itSaysHowLongItIsValid(days: Int) throws {
        let made = try MadeUpCertificate(days: days)
        let context = try TLSContext(
            certificateFile: made.certificateFile, privateKeyFile: made.privateKeyFile)
        let found = try context.certificate()
        #expect(found.validUntil - found.validFrom == Int64(days) * 86_400)
        let now = WallClock.millisecondsSince1970() / 1000
        #expect((now - 60...now).contains(found.validFrom))
        #expect(found.isSelfIssued)
        #expect(found.intermediates == 0)
    }

    /// What leads to the root may end first.
    @Test func theFirstOneOfTheFileToEndCounts() throws {
        let (own, other) = (try MadeUpCertificate(days: 50), try MadeUpCertificate(days: 5))
        try own.append(other)
        let context = try TLSContext(
            certificateFile: own.certificateFile, privateKeyFile: own.privateKeyFile)
        let found = try context.certificate()
        #expect(found.intermediates == 1)
        #expect((5 * 86_400...5 * 86_400 + 60).contains(found.validUntil - found.validFrom))
    }
}

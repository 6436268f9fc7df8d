import Audiences
import Logging
import Platform
import TestSupport
import Testing

@testable import muster

@Suite struct CertificateWatchTests {
    private static let day: Int64 = 86_400

    private func warning(endsIn seconds: Int64, beginsIn start: Int64 = -1) -> String? {
        let now = Timestamp(milliseconds: 1_800_000_000_500)
        return CertificateWatch.warning(
            TLSContext.Certificate(
                validFrom: 1_800_000_000 + start, validUntil: 1_800_000_000 + seconds,
                isSelfIssued: true, intermediates: 0),
            at: now)
    }

    @Test func thirtyDaysBeforeTheEndItBegins() {
        #expect(warning(endsIn: 30 * Self.day) == nil)
        #expect(warning(endsIn: 30 * Self.day - 1) == "the certificate expires within 30 days")
        #expect(warning(endsIn: Self.day + 1) == "the certificate expires within 2 days")
        #expect(warning(endsIn: 1) == "the certificate expires within 1 day")
        #expect(warning(endsIn: 0) == "the certificate has expired")
        #expect(warning(endsIn: 90 * Self.day, beginsIn: 1) == "the certificate is not valid yet")
    }

    @Test(arguments: [(2, 1), (31, 0)])
    func theLogTellsOfACertificateThatEnds(days: Int, lines: Int) throws {
        let made = try MadeUpCertificate(days: days)
        let tls = try TLSContext(
            certificateFile: made.certificateFile, privateKeyFile: made.privateKeyFile)
        let log = LogCapture()
        let watch = CertificateWatch(tls: tls, now: Composition.now, logger: log.logger())
        watch.look()
        #expect(log.lines(at: .warning).count == lines)
        try made.replace(with: MadeUpCertificate(days: 3))
        tls.reload(log.logger())
        #expect(log.lines(at: .notice).count == 1)
        // A reload looks by itself.
        #expect(log.lines(at: .warning).last?.contains("expires within 3 days") == true)
    }
}

import Audiences
import Logging
import Platform
import ServiceLifecycle

/// Warns in the log while the certificate is about to expire: at the start, after each reload, and
/// every day.
///
/// With an expired one Mixpanel's pages fail before Muster hears of them.
struct CertificateWatch: Service {
    let tls: TLSContext
    let now: @Sendable () -> Timestamp
    let logger: Logger

    /// From so many days before the end on; authorities that renew by themselves do it earlier.
    static let warningDays: Int64 = 30
    static let period = Duration.seconds(24 * 3600)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try await Task.sleep(for: Self.period)
                look()
            }
        }
    }

    /// Looks once.
    func look() {
        guard let certificate = try? tls.certificate(),
            let warning = Self.warning(certificate, at: now())
        else { return }
        let end = Timestamp(milliseconds: certificate.validUntil * 1000)
        logger.warning("\(warning)", metadata: ["certificate.expires_at": .string(end.rfc3339)])
    }

    /// `nil` if there is nothing to say.
    static func warning(_ certificate: TLSContext.Certificate, at now: Timestamp) -> String? {
        let seconds = certificate.validUntil - now.milliseconds / 1000
        if certificate.validFrom > now.milliseconds / 1000 {
            return "the certificate is not valid yet"
        }
        if seconds <= 0 { return "the certificate has expired" }
        guard seconds < warningDays * 86_400 else { return nil }
        let days = (seconds + 86_399) / 86_400
        return "the certificate expires within \(days) day\(days == 1 ? "" : "s")"
    }
}

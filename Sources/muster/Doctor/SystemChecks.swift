import Audiences
import Foundation
import HTTPTransport
import Platform

/// What can be checked of the machine and the files, without opening the store.
struct SystemChecks {
    let configuration: MusterConfiguration
    let now: Timestamp

    func all() -> [Finding] {
        [clock(), descriptors(), publicURL()] + [tls()].compactMap(\.self) + permissions()
    }

    // MARK: The clock

    /// Muster did not exist before, and will be another program after.
    static let years = (2026...2126)

    func clock() -> Finding {
        let year = now.rfc3339.prefix(4)
        guard let year = Int(year), Self.years.contains(year) else {
            return .fail(
                "clock", "it is \(now.rfc3339), says the clock", fix: "set it, and run NTP")
        }
        return .ok("clock", now.rfc3339)
    }

    /// How far the clocks may drift apart while the checks run: NTP slews by 0.05 % at most.
    static let driftMillisecondsMax: Int64 = 1000

    /// Whether the wall clock was put forward or back while the doctor worked.
    static func steps(wall: Int64, monotonic: Duration) -> Finding? {
        let passed = Int64(clamping: monotonic.clampedNanoseconds / 1_000_000)
        guard abs(wall - passed) > driftMillisecondsMax else { return nil }
        return .warn(
            "clock", "it jumped by \(wall - passed) ms during these checks",
            fix: "let one program set it, by slewing")
    }

    // MARK: Descriptors

    private func descriptors() -> Finding {
        Self.descriptors(
            limit: Syscalls.raiseDescriptorLimit(), max: configuration.transport.connectionsMax,
            reserved: configuration.transport.descriptorsReserved)
    }

    static func descriptors(limit: Int, max: Int, reserved: Int) -> Finding {
        let (needed, overflow) = max.addingReportingOverflow(reserved)
        guard !overflow, needed <= limit else {
            return .warn(
                "descriptors", "\(limit) may be open, too few for http.connections_max \(max)",
                fix: "raise the hard limit (ulimit -Hn, LimitNOFILE=) or lower the setting")
        }
        return .ok("descriptors", "\(limit) may be open, \(needed) are needed at most")
    }

    // MARK: The public address

    private func publicURL() -> Finding {
        Self.publicURL(configuration.publicURL)
    }

    static func publicURL(_ text: String?) -> Finding {
        let fix = "set public_url to the https:// address that Mixpanel reaches"
        guard let text else {
            return .warn(
                "public_url", "it is not set, so commands can't show webhook URLs", fix: fix)
        }
        guard text.hasPrefix("https://") else {
            return .warn("public_url", "\(text) is plain HTTP, which Mixpanel refuses", fix: fix)
        }
        let host = URL(string: text)?.host() ?? ""
        guard !host.isEmpty, !isPrivate(host) else {
            return .warn("public_url", "\(text) can't be reached from outside", fix: fix)
        }
        return .ok("public_url", text)
    }

    /// Names and addresses that mean nothing to Mixpanel (RFC 1918, RFC 6761, RFC 4193).
    private static func isPrivate(_ host: String) -> Bool {
        let parts = host.split(separator: ".").compactMap { UInt8($0) }
        if parts.count == 4 {
            return [10, 127, 0].contains(parts[0]) || (parts[0], parts[1]) == (192, 168)
                || parts[0] == 172 && (16...31).contains(parts[1])
                || (parts[0], parts[1]) == (169, 254)
        }
        if host.contains(":") {
            return ["::1", "fc", "fd", "fe80"].contains { host.lowercased().hasPrefix($0) }
        }
        return !host.contains(".")
            || [".localhost", ".local", ".internal", ".test"].contains { host.hasSuffix($0) }
    }

    // MARK: TLS

    func tls() -> Finding? {
        guard let files = configuration.tls else {
            guard configuration.isTLSTerminatedInFront else { return nil }
            return .ok("tls", "a proxy in front speaks it")
        }
        let renew = "renew it, then kill -HUP the server"
        do {
            let certificate = try files.load().certificate()
            let end = Timestamp(milliseconds: certificate.validUntil * 1000).rfc3339
            if let warning = CertificateWatch.warning(certificate, at: now) {
                let isOver = certificate.validUntil * 1000 <= now.milliseconds
                return isOver
                    ? .fail("tls", "\(warning) (\(end))", fix: renew)
                    : .warn("tls", "\(warning) (\(end))", fix: renew)
            }
            guard certificate.isSelfIssued || certificate.intermediates > 0 else {
                return .warn(
                    "tls", "\(files.certificate) holds the server's certificate alone",
                    fix: "append those that lead to the root, or many clients won't trust it")
            }
            guard !certificate.isSelfIssued else {
                return .warn(
                    "tls", "\(files.certificate) signed itself, which Mixpanel does not trust",
                    fix: "get one from an authority, such as Let's Encrypt")
            }
            return .ok("tls", "valid until \(end), and the key is its own")
        } catch {
            return .fail("tls", "\(error)", fix: "mend the files, then kill -HUP the server")
        }
    }

    // MARK: Permissions

    func permissions() -> [Finding] {
        let directory = configuration.dataDirectory
        let files = ["muster.sqlite", KeyFile.name].map { "\(directory)/\($0)" }
        let keys = configuration.tls.map { [$0.privateKey] } ?? []
        let open = ([directory] + files + keys).filter { path in
            let found = try? FileManager.default.attributesOfItem(atPath: path)
            let mode = found?[.posixPermissions] as? Int ?? 0
            return mode & 0o077 != 0
        }
        guard !open.isEmpty else { return [.ok("permissions", "nobody else may read the data")] }
        return open.map { path in
            // A key that a group may read is common, and meant.
            path == configuration.tls?.privateKey
                ? .warn("permissions", "others may read \(path)", fix: "chmod 600 \(path)")
                : .fail("permissions", "others may read \(path)", fix: "chmod go= \(path)")
        }
    }
}

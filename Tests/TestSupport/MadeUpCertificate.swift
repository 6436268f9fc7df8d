import Foundation

/// A certificate for `localhost` and 127.0.0.1 that signs itself, with its key, in files that are
/// gone with this object.
package final class MadeUpCertificate: Sendable {
    package enum Key: String, Sendable {
        case p256 = "ec:P-256"
        case rsa2048 = "rsa:2048"
    }

    private let directory: URL

    package var certificateFile: String { path("certificate.pem") }
    package var privateKeyFile: String { path("key.pem") }

    /// - Parameters:
    ///   - name: the organisation, to tell one certificate from another.
    ///   - key: its kind and size.
    ///   - passphrase: encrypts the key file.
    ///   - days: how long it is valid, from now.
    /// - Throws: if the `openssl` command is missing or refuses.
    package init(
        _ name: String = "Muster's tests", key: Key = .p256, passphrase: String? = nil,
        days: Int = 90
    ) throws {
        directory = FileManager.default.temporaryDirectory
            .appending(path: "muster-tls-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let kind =
            key == .rsa2048
            ? ["-newkey", key.rawValue]
            : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        let openssl = try Program(
            "openssl",
            ["req", "-x509", "-days", "\(days)", "-subj", "/O=\(name)/CN=localhost"]
                + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"] + kind
                + ["-keyout", privateKeyFile, "-out", certificateFile]
                + (passphrase.map { ["-passout", "pass:\($0)"] } ?? ["-nodes"]),
            errors: .nothing)
        guard openssl.wait() == 0 else { throw CocoaError(.executableLoad) }
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// Puts another's files in the place of these, as a renewal does.
    package func replace(with other: MadeUpCertificate) throws {
        for (from, to) in [
            (other.certificateFile, certificateFile), (other.privateKeyFile, privateKeyFile),
        ] {
            try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
        }
    }

    /// Puts another's certificate behind this one, as one that leads to the root.
    package func append(_ other: MadeUpCertificate) throws {
        let both = try [certificateFile, other.certificateFile].map { file in
            try Data(contentsOf: URL(filePath: file))
        }
        try (both[0] + both[1]).write(to: URL(filePath: certificateFile))
    }

    private func path(_ name: String) -> String {
        directory.appending(path: name).path(percentEncoded: false)
    }
}

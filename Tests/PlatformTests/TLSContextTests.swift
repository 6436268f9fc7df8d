import Foundation
import Platform
import TestSupport
import Testing

struct TLSContextTests {
    private func problem(_ certificate: String, _ privateKey: String) -> String {
        do throws(TLSFileError) {
            _ = try TLSContext(certificateFile: certificate, privateKeyFile: privateKey)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [MadeUpCertificate.Key.p256, .rsa2048])
    func aCertificateWithItsKeyIsTaken(key: MadeUpCertificate.Key) throws {
        let made = try MadeUpCertificate(key: key)
        #expect(problem(made.certificateFile, made.privateKeyFile) == "")
    }

    @Test(arguments: [MadeUpCertificate.Key.p256, .rsa2048])
    func theKeyOfAnotherCertificateIsRefused(other: MadeUpCertificate.Key) throws {
        let (made, stranger) = (try MadeUpCertificate(), try MadeUpCertificate(key: other))
        #expect(
            problem(made.certificateFile, stranger.privateKeyFile)
                == "The private key in \(stranger.privateKeyFile) is not the one of the "
                + "certificate in \(made.certificateFile)")
    }

    @Test func aFileThatIsMissingIsNamed() throws {
        let made = try MadeUpCertificate()
        #expect(
            problem("/nowhere/c.pem", made.privateKeyFile)
                == "The certificate file /nowhere/c.pem can't be used: No such file or directory")
        #expect(
            problem(made.certificateFile, "/nowhere/k.pem")
                == "The private key file /nowhere/k.pem can't be used: No such file or directory")
    }

    @Test func aFileThatHoldsSomethingElseIsNamedAndNotQuoted() throws {
        let made = try MadeUpCertificate()
        let junk = try MadeUpCertificate()
        try "Rosa's shopping list".write(
            toFile: junk.certificateFile, atomically: false, encoding: .utf8)
        let message = problem(junk.certificateFile, made.privateKeyFile)
        #expect(message.hasPrefix("The certificate file \(junk.certificateFile) can't be used: "))
        #expect(!message.contains("Rosa"))
        #expect(problem(made.certificateFile, junk.certificateFile).hasPrefix("The private key"))
    }

    /// OpenSSL would ask for it on the terminal.
    @Test(.timeLimit(.minutes(30)))
    func aKeyWithAPassphraseIsRefusedWithoutAsking() throws {
        let made = try MadeUpCertificate(passphrase: "made up")
        let message = problem(made.certificateFile, made.privateKeyFile)
        #expect(message.hasPrefix("The private key file \(made.privateKeyFile) can't be used: "))
    }

    @Test func aReloadThatFailsChangesNothing() async throws {
        let made = try MadeUpCertificate("first")
        let context = try TLSContext(
            certificateFile: made.certificateFile, privateKeyFile: made.privateKeyFile)
        try Data().write(to: URL(filePath: made.privateKeyFile))
        #expect(throws: TLSFileError.self) { try context.reload() }
        try await withTLSPair(context) { server, client in
            try await client.write([7], patience: .patience)
            #expect(try await server.read() == [7])
        }
    }

    @Test func aReloadLeavesTheSessionsThereAre() async throws {
        let made = try MadeUpCertificate("first")
        let context = try TLSContext(
            certificateFile: made.certificateFile, privateKeyFile: made.privateKeyFile)
        try await withTLSPair(context) { server, client in
            try made.replace(with: try MadeUpCertificate("second"))
            try context.reload()
            try await client.write([7], patience: .patience)
            #expect(try await server.read() == [7])
        }
    }
}

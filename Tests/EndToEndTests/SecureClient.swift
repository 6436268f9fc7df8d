import Foundation
import TestSupport
import Testing

/// `openssl s_client`, with what a test types into it.
struct SecureClient {
    let process: ChildProcess
    private let input = Pipe()

    /// Connects at once; `arguments` as the command takes them.
    init(to address: String, _ arguments: [String] = []) throws {
        process = try ChildProcess(
            "/usr/bin/env", ["openssl", "s_client", "-connect", address] + arguments, input: input)
    }

    func type(_ text: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// Closes its input, upon which it ends, and returns everything it wrote.
    func end() async throws -> String {
        try input.fileHandleForWriting.close()
        _ = await process.exitCode()
        return await process.output.text() + process.errors.text()
    }
}

/// What a server needs to speak TLS.
func environment(for certificate: MadeUpCertificate) -> [String: String] {
    [
        "MUSTER_TLS_CERTIFICATE_FILE": certificate.certificateFile,
        "MUSTER_TLS_PRIVATE_KEY_FILE": certificate.privateKeyFile,
    ]
}

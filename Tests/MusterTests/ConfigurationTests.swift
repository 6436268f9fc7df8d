import Audiences
import Configuration
import Endpoints
import Foundation
import HTTPTransport
import Logging
import Routing
import Testing

@testable import muster

@Suite struct ConfigurationTests {
    /// A configuration file that is gone after the test.
    private func withFile<Value>(
        _ text: String, _ body: (String) async throws -> Value
    ) async throws -> Value {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "muster-\(UUID().uuidString).json").path(percentEncoded: false)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }

    private func problem(
        flags: ConfigurationFlags = ConfigurationFlags(), environment: [String: String] = [:]
    ) async -> String {
        do {
            _ = try await MusterConfiguration.read(flags: flags, environment: environment)
            return ""
        } catch {
            return (error as? Failure)?.message ?? "\(error)"
        }
    }

    @Test func withoutAnythingTheDefaultsHold() async throws {
        let read = try await MusterConfiguration.read(
            flags: ConfigurationFlags(), environment: [:])
        #expect(read.host == "127.0.0.1")
        #expect(read.port == 8080)
        #expect(read.dataDirectory == "./data")
        #expect(read.publicURL == nil)
        #expect(read.logLevel == .info)
        #expect(read.logFormat == .json)
    }

    @Test func aFlagBeatsTheEnvironmentAndTheEnvironmentTheFile() async throws {
        let file = #"{"port": 1001, "host": "file.example", "log_level": "debug"}"#
        try await withFile(file) { path in
            var flags = ConfigurationFlags(configFile: path)
            let environment = ["MUSTER_PORT": "1002", "MUSTER_HOST": "env.example"]
            var read = try await MusterConfiguration.read(flags: flags, environment: environment)
            #expect(read.port == 1002)
            #expect(read.host == "env.example")
            #expect(read.logLevel == .debug)
            flags.port = 1003
            read = try await MusterConfiguration.read(flags: flags, environment: environment)
            #expect(read.port == 1003)
        }
    }

    @Test func nestedKeysHaveNamesInTheEnvironment() async throws {
        let read = try await MusterConfiguration.read(
            flags: ConfigurationFlags(),
            environment: [
                "MUSTER_HTTP_IDLE_TIMEOUT_SECONDS": "7", "MUSTER_DATA_DIR": "/var/lib/muster",
                "MUSTER_WEBHOOK_BODY_BYTES_MAX": "2048", "MUSTER_LOG_FORMAT": "text",
                "MUSTER_PUBLIC_URL": "https://hooks.example.com",
            ])
        #expect(read.transport.idleTimeout == .seconds(7))
        #expect(read.dataDirectory == "/var/lib/muster")
        #expect(read.endpoints.webhookBody.rawBytesMax == 2048)
        #expect(read.logFormat == .text)
        #expect(read.publicURL == "https://hooks.example.com")
    }

    @Test func tlsHasTwoFilesOrNone() async throws {
        let certificate = ["MUSTER_TLS_CERTIFICATE_FILE": "c.pem"]
        let privateKey = ["MUSTER_TLS_PRIVATE_KEY_FILE": "k.pem"]
        let read = try await MusterConfiguration.read(
            flags: ConfigurationFlags(), environment: certificate.merging(privateKey) { $1 })
        #expect(read.tls?.certificate == "c.pem")
        #expect(read.tls?.privateKey == "k.pem")
        #expect(
            await problem(environment: certificate)
                == "tls.certificate_file is of no use without tls.private_key_file.")
        #expect(
            await problem(environment: privateKey)
                == "tls.private_key_file is of no use without tls.certificate_file.")
    }

    @Test func encryptionKeysAreReadAndNeverRepeated() async throws {
        let (first, second) = (Data(repeating: 1, count: 32), Data(repeating: 2, count: 32))
        let read = try await MusterConfiguration.read(
            flags: ConfigurationFlags(),
            environment: [
                "MUSTER_ENCRYPTION_KEY": first.base64EncodedString(),
                "MUSTER_ENCRYPTION_KEY_PREVIOUS":
                    "\(second.base64EncodedString()),\(String(repeating: "03", count: 32))",
            ])
        #expect(read.encryptionKey?.bytes == Array(first))
        #expect(read.previousEncryptionKeys.map(\.bytes.first) == [2, 3])
        #expect(!"\(read)".contains(first.base64EncodedString()))
        for key in ["MUSTER_ENCRYPTION_KEY", "MUSTER_ENCRYPTION_KEY_PREVIOUS"] {
            let message = await problem(environment: [key: "c2hvcnQ-not-a-key"])
            #expect(message.contains("encryption_key"))
            #expect(message.contains("openssl rand -base64 32"))
            #expect(!message.contains("c2hvcnQ"))
        }
    }

    @Test func connectionsAreDeclaredInTheFileOnly() async throws {
        let hash = "$scrypt$ln=15,r=8,p=3$c2FsdA$" + String(repeating: "A", count: 43)
        let text = """
            {"port": 1001, "connections": [{"id": "conn_0123456789abcdef", "name": "Lumen",
            "username": "mixpanel", "secret_hash": "\(hash)"}]}
            """
        try await withFile(text) { path in
            let read = try await MusterConfiguration.read(
                flags: ConfigurationFlags(configFile: path), environment: [:])
            #expect(read.port == 1001)
            #expect(read.connections.map(\.name) == ["Lumen"])
        }
        #expect(await problem(environment: ["MUSTER_CONNECTIONS": "[]"]).contains("in the file"))
    }

    @Test func anUnknownKeyStopsTheStartAndSuggestsTheNearOne() async throws {
        try await withFile(#"{"http": {"idle_timout_seconds": 5}}"#) { path in
            let message = await problem(flags: ConfigurationFlags(configFile: path))
            #expect(message.contains("http.idle_timout_seconds"))
            #expect(message.contains("did you mean http.idle_timeout_seconds?"))
        }
    }

    @Test(arguments: [
        ("MUSTER_PORT", "abc", "port"), ("MUSTER_PORT", "65536", "0 to 65535"),
        ("MUSTER_PORT", "-1", "0 to 65535"), ("MUSTER_LOG_LEVEL", "loud", "trace, debug"),
        ("MUSTER_LOG_FORMAT", "xml", "json, text"), ("MUSTER_DATA_DIR", "", "data_dir"),
        ("MUSTER_PUBLIC_URL", "hooks.example.com", "public_url"),
        ("MUSTER_PUBLIC_URL", "https://hooks.example.com/", "public_url"),
        ("MUSTER_HTTP_IDLE_TIMEOUT_SECONDS", "0", "1 to 3600"),
        ("MUSTER_HTTP_IDLE_TIMEOUT_SECONDS", "3601", "1 to 3600"),
        ("MUSTER_WEBHOOK_BODY_BYTES_MAX", "1023", "webhook.body_bytes_max"),
        ("MUSTER_TLS_TERMINATED_IN_FRONT", "perhaps", "tls.terminated_in_front"),
        ("MUSTER_HTTP_HANDSHAKE_TIMEOUT_SECONDS", "0", "1 to 600"),
        ("MUSTER_HTTP_HANDSHAKE_TIMEOUT_SECONDS", "601", "1 to 600"),
        ("MUSTER_HTTP_HANDSHAKES_MAX", "0", "1 to 1000000"),
        ("MUSTER_HTTP_HANDSHAKES_MAX", "1000001", "1 to 1000000"),
    ])
    func aValueThatCannotBeStopsTheStart(name: String, value: String, hint: String) async {
        let message = await problem(environment: [name: value])
        #expect(message.contains(hint), "\(message)")
    }

    @Test(arguments: [
        ("MUSTER_PORT", "0"), ("MUSTER_PORT", "65535"),
        ("MUSTER_HTTP_HANDSHAKE_TIMEOUT_SECONDS", "1"),
        ("MUSTER_HTTP_HANDSHAKE_TIMEOUT_SECONDS", "600"),
        ("MUSTER_HTTP_HANDSHAKES_MAX", "1"), ("MUSTER_HTTP_HANDSHAKES_MAX", "1000000"),
        ("MUSTER_TLS_TERMINATED_IN_FRONT", "true"), ("MUSTER_TLS_TERMINATED_IN_FRONT", "false"),
        ("MUSTER_HTTP_IDLE_TIMEOUT_SECONDS", "1"), ("MUSTER_HTTP_IDLE_TIMEOUT_SECONDS", "3600"),
    ])
    func aValueAtTheEdgeIsTaken(name: String, value: String) async {
        #expect(await problem(environment: [name: value]) == "")
    }

    @Test func aWrongTypeInTheFileStopsTheStart() async throws {
        for text in [#"{"port": "8080"}"#, #"{"port": 80.5}"#, #"{"host": 7}"#] {
            try await withFile(text) { path in
                let message = await problem(flags: ConfigurationFlags(configFile: path))
                #expect(!message.isEmpty, "\(text)")
            }
        }
    }

    @Test func aFileThatIsMissingOrNoJSONIsSaid() async throws {
        let missing = await problem(flags: ConfigurationFlags(configFile: "/nowhere/muster.json"))
        #expect(missing.contains("/nowhere/muster.json"))
        for text in ["{", "[]", ""] {
            try await withFile(text) { path in
                #expect(await problem(environment: ["MUSTER_CONFIG": path]).contains("JSON"))
            }
        }
    }
}

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
            return "\(error)"
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

    @Test func everythingWrongIsSaidAtOnce() async throws {
        try await withFile(#"{"prot": 1, "log_level": 7, "http": {"handshakes_max": 0}}"#) { path in
            let message = await problem(
                flags: ConfigurationFlags(configFile: path, port: 70_000),
                environment: ["MUSTER_HOTS": "h", "MUSTER_HTTP_IDLE_TIMEOUT_SECONDS": "soon"])
            let expected = [
                "\(path) has the unknown key prot; did you mean port?",
                """
                The environment has the unknown variable MUSTER_HOTS; did you mean MUSTER_HOST?
                """,
                "http.handshakes_max is 0 (\(path)); it must be 1 to 1000000.",
                """
                http.idle_timeout_seconds has a value that is no whole number \
                (MUSTER_HTTP_IDLE_TIMEOUT_SECONDS); it must be 1 to 3600 s.
                """,
                """
                log_level has a value that is no text (\(path)); it must be one of trace, debug, \
                info, notice, warning, error, critical.
                """,
                "port is 70000 (--port); it must be 0 to 65535.",
            ]
            let told = message.split(separator: "\n").map(String.init)
            #expect(told.sorted() == expected.sorted())
        }
    }

    @Test(arguments: [
        ("MUSTER_HTTP_IDLE_TIMOUT_SECONDS", "did you mean MUSTER_HTTP_IDLE_TIMEOUT_SECONDS?"),
        ("MUSTER_CONFG", "did you mean MUSTER_CONFIG?"), ("MUSTER_SOMETHING_ELSE", "unset it."),
        ("MUSTER_FOO", "unset it."),
        ("MUSTER_", "unset it."),
    ])
    func anUnknownVariableStopsTheStart(name: String, hint: String) async {
        let expected = "The environment has the unknown variable \(name); \(hint)"
        #expect(await problem(environment: [name: "1"]) == expected)
    }

    /// A service that is named `muster` makes them in every container beside it.
    @Test func whatKubernetesSaysOfAServiceIsNoSetting() async throws {
        let read = try await MusterConfiguration.read(
            flags: ConfigurationFlags(),
            environment: [
                "MUSTER_SERVICE_HOST": "10.0.0.1", "MUSTER_SERVICE_PORT_HTTP": "80",
                "MUSTER_PORT": "tcp://10.0.0.1:80", "MUSTER_PORT_80_TCP": "tcp://10.0.0.1:80",
                "MUSTER_PORT_80_TCP_ADDR": "10.0.0.1", "OTHER_MUSTER_HOST": "h",
            ])
        #expect(read.port == 8080)
    }

    @Test func everySettingTellsWhereItCameFrom() async throws {
        try await withFile(#"{"log_level": "debug", "proxy": {"trusted_addresses": ["::1"]}}"#) {
            path in
            let flags = ConfigurationFlags(configFile: path, dataDirectory: "/srv/muster")
            let settings = try await MusterConfiguration.readWithOrigins(
                flags: flags, environment: ["MUSTER_PORT": "81", "MUSTER_DATA_DIR": "/beaten"]
            ).settings
            let origins = Dictionary(uniqueKeysWithValues: settings.map { ($0.key, $0) })
            for (key, origin, text) in [
                ("data_dir", .flag("--data-dir"), "/srv/muster"),
                ("port", .variable("MUSTER_PORT"), "81"), ("log_level", .file(path), "debug"),
                ("proxy.trusted_addresses", .file(path), "::1"),
                ("host", .byDefault, "127.0.0.1"), ("public_url", .byDefault, "-"),
                ("tls.terminated_in_front", .byDefault, "false"),
            ] as [(String, Setting.Origin, String)] {
                #expect(origins[key]?.origin == origin)
                #expect(origins[key]?.text == text)
            }
        }
    }

    @Test func appsAreReadFromListsAndAWrongOneIsNamed() async throws {
        let print = Array(repeating: "0A", count: 32).joined(separator: ":")
        let read = try await MusterConfiguration.read(
            flags: ConfigurationFlags(),
            environment: [
                "MUSTER_SDK_APPLE_APP_IDS": "A1B2C3D4E5.com.lumen.shop,A1B2C3D4E5.com.lumen.pos",
                "MUSTER_SDK_ANDROID_APPS": "com.lumen.shop=\(print)",
            ])
        #expect(read.apps.apple.count == 2)
        #expect(read.apps.android == [try #require(AndroidApp("com.lumen.shop=\(print)"))])
        let apple = await problem(environment: ["MUSTER_SDK_APPLE_APP_IDS": "com.lumen.shop"])
        #expect(apple.contains("sdk.apple_app_ids has \"com.lumen.shop\""))
        let android = await problem(environment: ["MUSTER_SDK_ANDROID_APPS": "com.lumen.shop"])
        #expect(android.contains("sdk.android_apps has \"com.lumen.shop\""))
    }

    @Test func aSecretIsMaskedAndItsAbsenceIsNot() {
        func secret(_ text: String) -> Setting {
            Setting(key: "k", content: .string(text), isSecret: true, origin: .byDefault)
        }
        #expect(secret("a").text == "********")
        #expect(secret("much longer").text == "********")
        #expect(secret("").text == "-")
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

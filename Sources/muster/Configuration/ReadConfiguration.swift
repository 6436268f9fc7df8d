import Audiences
import Configuration
import Endpoints
import Foundation
import HTTPTransport
import HTTPWire
import Logging
import Mixpanel
import Platform
import Routing

/// What the command line may set; what is `nil` is looked for in the environment and the file.
struct ConfigurationFlags: Sendable {
    var configFile: String?
    var host: String?
    var port: Int?
    var dataDirectory: String?
    var logLevel: String?
    var logFormat: String?

    fileprivate var values: [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        values["host"] = host.map { ConfigValue(.string($0), isSecret: false) }
        values["port"] = port.map { ConfigValue(.int($0), isSecret: false) }
        values["data_dir"] = dataDirectory.map { ConfigValue(.string($0), isSecret: false) }
        values["log_level"] = logLevel.map { ConfigValue(.string($0), isSecret: false) }
        values["log_format"] = logFormat.map { ConfigValue(.string($0), isSecret: false) }
        return values
    }
}

/// What was read: checked values, and where each came from.
struct ConfigurationReading: Sendable {
    let configuration: MusterConfiguration
    /// In the order of config/README.md.
    let settings: [Setting]
}

/// Everything that is wrong with a configuration, a sentence each, which names the key and what
/// would be right.
struct ConfigurationProblems: Error, CustomStringConvertible {
    let problems: [String]

    init(_ problems: [String]) {
        self.problems = problems
    }

    var description: String { problems.joined(separator: "\n") }
}

extension MusterConfiguration {
    /// As ``readWithOrigins(flags:environment:)``, the values alone.
    static func read(
        flags: ConfigurationFlags,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws(ConfigurationProblems) -> MusterConfiguration {
        try await readWithOrigins(flags: flags, environment: environment).configuration
    }

    /// Reads flags, then the environment (`MUSTER_…`), then the file, then the defaults.
    ///
    /// - Parameters:
    ///   - flags: from the command line.
    ///   - environment: `MUSTER_CONFIG` names the file if no flag does.
    /// - Returns: checked values.
    /// - Throws: all that is wrong.
    static func readWithOrigins(
        flags: ConfigurationFlags,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws(ConfigurationProblems) -> ConfigurationReading {
        let environment = ConfigurationKeys.withoutServiceLinks(environment)
        var problems = ConfigurationKeys.problems(of: environment)
        var places = [Setting.Place.commandLine, .environment]
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "command line", values: flags.values),
            EnvironmentVariablesProvider(environmentVariables: environment)
                .prefixKeys(with: "muster"),
        ]
        let path = flags.configFile ?? environment["MUSTER_CONFIG"]
        let file = try path.map { path throws(ConfigurationProblems) in
            try ConfigurationFile(path)
        }
        if let file {
            problems += file.unknownKeys
            providers.append(try await file.provider())
            places.append(.file(file.path))
        }
        let reader = StrictReader(providers: providers, places: places)
        var configuration = MusterConfiguration(reader)
        problems += reader.problems
        if environment[ConfigurationKeys.variable(of: DeclaredConnections.key)] != nil {
            problems.append("\(DeclaredConnections.key) can be declared in the file only.")
        }
        do throws(Failure) {
            configuration.connections = try file?.connections() ?? []
        } catch {
            problems.append(error.message)
        }
        guard problems.isEmpty else { throw ConfigurationProblems(problems) }
        let settings = reader.settings
        return ConfigurationReading(
            configuration: configuration,
            settings: ConfigurationKeys.all.compactMap { settings[$0] }
                + [configuration.declared(in: path)])
    }

    init(_ reader: StrictReader) {
        host = reader.string("host", host)
        port = reader.int("port", port, in: 0...65_535)
        readOperations(reader)
        publicURL = reader.string("public_url", "", Self.isPublicURL).nonEmpty
        dataDirectory = reader.string("data_dir", dataDirectory) { !$0.isEmpty }
        logLevel = reader.choice("log_level", logLevel)
        logFormat = reader.choice("log_format", logFormat)
        encryptionKey = reader.secret("encryption_key", EncryptionKey.init, EncryptionKey.rule)
        previousEncryptionKeys = reader.secrets(
            "encryption_key_previous", EncryptionKey.init, EncryptionKey.rule)
        readTLS(reader)
        readProxies(reader)
        readMixpanel(reader)
        readHooks(reader)
        readApps(reader)
        for limit in LimitKey.all { limit.read(reader, into: &self) }
    }

    private mutating func readOperations(_ reader: StrictReader) {
        let text = reader.string("operations.address", "") {
            $0.isEmpty || (try? SocketAddress(parsing: $0)) != nil
        }
        operationsAddress = text.isEmpty ? nil : try? SocketAddress(parsing: text)
    }

    private mutating func readTLS(_ reader: StrictReader) {
        let certificate = reader.string("tls.certificate_file", "").nonEmpty
        let privateKey = reader.string("tls.private_key_file", "").nonEmpty
        isTLSTerminatedInFront = reader.bool("tls.terminated_in_front", isTLSTerminatedInFront)
        switch (certificate, privateKey) {
        case (let certificate?, let privateKey?):
            tls = TLSFiles(certificate: certificate, privateKey: privateKey)
        case (nil, nil): tls = nil
        case (_, nil):
            reader.note("tls.certificate_file is of no use without tls.private_key_file.")
        case (nil, _):
            reader.note("tls.private_key_file is of no use without tls.certificate_file.")
        }
    }

    private mutating func readProxies(_ reader: StrictReader) {
        let key = "proxy.trusted_addresses"
        trustedProxies = TrustedProxies(
            reader.strings(key, AddressBlock.init) { Self.noBlock($0, key) })
        proxyProtocol = reader.choice("proxy.protocol", proxyProtocol)
        if proxyProtocol != .none, trustedProxies.isEmpty {
            reader.note("proxy.protocol is set and \(key) is empty: nobody could connect.")
        }
    }

    private mutating func readHooks(_ reader: StrictReader) {
        let key = "hooks.private_addresses"
        hookAddresses.allowed = reader.strings(key, AddressBlock.init) { Self.noBlock($0, key) }
    }

    private static func noBlock(_ text: String, _ key: String) -> String {
        "\(key) has \"\(text)\", which is no address and no block like 10.0.0.0/8 with nothing but "
            + "zeros behind its prefix."
    }

    /// The key that the library has no word for: by the ids alone, for the hashes are nobody's
    /// business.
    private func declared(in path: String?) -> Setting {
        let key = DeclaredConnections.key
        return Setting(
            key: key, content: .stringArray(connections.map(\.id.text)), isSecret: false,
            origin: connections.isEmpty
                ? .byDefault : Setting.Origin(of: key, in: path.map { .file($0) }))
    }

    private mutating func readMixpanel(_ reader: StrictReader) {
        mixpanel.us = reader.string("mixpanel.us_url", mixpanel.us, Self.isURL)
        mixpanel.eu = reader.string("mixpanel.eu_url", mixpanel.eu, Self.isURL)
        mixpanel.india = reader.string("mixpanel.in_url", mixpanel.india, Self.isURL)
    }

    private mutating func readApps(_ reader: StrictReader) {
        apps.apple = reader.strings("sdk.apple_app_ids", AppleAppID.init) {
            "sdk.apple_app_ids has \"\($0)\", which is no team identifier and bundle identifier "
                + "like A1B2C3D4E5.com.example.shop."
        }
        apps.android = reader.strings("sdk.android_apps", AndroidApp.init) {
            "sdk.android_apps has \"\($0)\", which is no package and SHA-256 fingerprint like "
                + "com.example.shop=14:6D:E9:… with 32 pairs of digits in capitals."
        }
    }

    /// Credentials go there: in clear to this machine only, and nothing may stand between scheme
    /// and host.
    private static func isURL(_ text: String) -> Bool {
        guard isPublicURL(text), !text.contains("@"), !text.contains(" ") else { return false }
        let here = ["127.0.0.1", "localhost", "[::1]"].map { "http://" + $0 }
        return text.hasPrefix("https://")
            || here.contains { text == $0 || text.hasPrefix($0 + ":") || text.hasPrefix($0 + "/") }
    }

    private static func isPublicURL(_ text: String) -> Bool {
        text.isEmpty
            || (text.hasPrefix("https://") || text.hasPrefix("http://")) && !text.hasSuffix("/")
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

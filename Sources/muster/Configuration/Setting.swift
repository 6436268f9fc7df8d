import Configuration

/// One key as it is in effect: its value, and where that was said.
struct Setting: Sendable {
    let key: String
    let content: ConfigContent
    /// Never to be shown.
    let isSecret: Bool
    let origin: Origin

    /// The places a value is looked for in, the first one first.
    enum Place: Sendable, Hashable {
        case commandLine
        case environment
        case file(String)
    }

    enum Origin: Sendable, Hashable {
        case flag(String)
        case variable(String)
        case file(String)
        case byDefault

        init(of key: String, in place: Place?) {
            switch place {
            case .commandLine: self = .flag("--" + key.replacing("_", with: "-"))
            case .environment: self = .variable(ConfigurationKeys.variable(of: key))
            case .file(let path): self = .file(path)
            case nil: self = .byDefault
            }
        }

        /// Its kind, for machines.
        var place: String {
            switch self {
            case .flag: "flag"
            case .variable: "environment"
            case .file: "file"
            case .byDefault: "default"
            }
        }

        /// What to look at to find the value.
        var name: String? {
            switch self {
            case .flag(let name), .variable(let name), .file(let name): name
            case .byDefault: nil
            }
        }
    }

    /// The value as a person would write it; of a secret only that it is there.
    var text: String {
        switch content {
        case _ where !isSet: "-"
        case _ where isSecret: Self.masked
        case .string(let text): text
        case .int(let number): String(number)
        case .bool(let flag): String(flag)
        case .stringArray(let texts): texts.joined(separator: ", ")
        default: "\(content)"
        }
    }

    /// False for an empty text or list.
    var isSet: Bool {
        switch content {
        case .string(let text): !text.isEmpty
        case .stringArray(let texts): texts.contains { !$0.isEmpty }
        default: true
        }
    }

    /// Says as little of a short secret as of a long one.
    static let masked = "********"
}

import Audiences
import Configuration
import Synchronization

/// Reads keys, and remembers where each value came from and every one that can't be used.
///
/// The library falls back to the default when a value has the wrong type; a server that starts
/// on another port than its operator wrote down is worse than one that does not start.
final class StrictReader: Sendable {
    private let reader: ConfigReader
    private let reporter: Reporter

    /// - Parameters:
    ///   - providers: the first one that has a key decides.
    ///   - places: what each of them is.
    init(providers: [any ConfigProvider], places: [Setting.Place] = []) {
        reporter = Reporter(places: places)
        reader = ConfigReader(providers: providers, accessReporter: reporter)
    }

    func string(
        _ key: String, _ fallback: String, _ isValid: (String) -> Bool = { _ in true }
    ) -> String {
        let value = reader.string(forKey: ConfigKey(key), default: fallback)
        if isRefused(key, "no text") { return fallback }
        if !isValid(value) { note("\(key) can't be \"\(value)\"\(place(of: key)).") }
        return value
    }

    /// A list, each item made by `make`.
    ///
    /// What it can't make is a problem, in the words of `complain`.
    func strings<Item>(
        _ key: String, _ make: (String) -> Item?, _ complain: (String) -> String
    ) -> [Item] {
        let texts = reader.stringArray(forKey: ConfigKey(key), default: [])
        if isRefused(key, "no list of texts") { return [] }
        // An empty variable is an empty list, not a list of one empty text.
        return (texts == [""] ? [] : texts).compactMap { text in
            let item = make(text)
            if item == nil { note(complain(text)) }
            return item
        }
    }

    /// A secret; `nil` if it is empty or not set.
    ///
    /// What `make` can't make something of is a problem, in words that don't repeat it.
    func secret<Value>(_ key: String, _ make: (String) -> Value?, _ rule: String) -> Value? {
        let text = reader.string(forKey: ConfigKey(key), isSecret: true, default: "")
        if isRefused(key, "no text") || text.isEmpty { return nil }
        let value = make(text)
        if value == nil { note("\(key) must be \(rule)\(place(of: key)).") }
        return value
    }

    /// A list of such.
    func secrets<Value>(_ key: String, _ make: (String) -> Value?, _ rule: String) -> [Value] {
        let texts = reader.stringArray(forKey: ConfigKey(key), isSecret: true, default: [])
        if isRefused(key, "no list of texts") { return [] }
        return (texts == [""] ? [] : texts).compactMap { text in
            let value = make(text)
            if value == nil { note("Each of \(key) must be \(rule)\(place(of: key)).") }
            return value
        }
    }

    func int(_ key: String, _ fallback: Int, in range: ClosedRange<Int>) -> Int {
        let value = reader.int(forKey: ConfigKey(key), default: fallback)
        let unit = ConfigurationKeys.unit(of: key).map { " " + $0 } ?? ""
        let rule = "it must be \(range.lowerBound) to \(range.upperBound)\(unit)"
        if isRefused(key, "no whole number", rule) { return fallback }
        if !range.contains(value) { note("\(key) is \(value)\(place(of: key)); \(rule).") }
        return value
    }

    func bool(_ key: String, _ fallback: Bool) -> Bool {
        let value = reader.bool(forKey: ConfigKey(key), default: fallback)
        return isRefused(key, "neither true nor false") ? fallback : value
    }

    func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        let text = reader.string(forKey: ConfigKey(key), default: fallback.rawValue)
        let rule = "it must be one of " + Choice.allCases.map(\.rawValue).joined(separator: ", ")
        if isRefused(key, "no text", rule) { return fallback }
        if let choice = Choice(rawValue: text) { return choice }
        note("\(key) is \"\(text)\"\(place(of: key)); \(rule).")
        return fallback
    }

    /// Remembers what is wrong with values together, in a whole sentence.
    func note(_ problem: String) {
        reporter.state.withLock { $0.problems.append(problem) }
    }

    /// What was found wrong so far, a sentence each.
    var problems: [String] { reporter.state.withLock { $0.problems } }

    /// What was read, by its key.
    var settings: [String: Setting] { reporter.state.withLock { $0.settings } }

    // MARK: Wrong types

    /// Whether the value had the wrong type, which is then noted.
    private func isRefused(_ key: String, _ what: String, _ rule: String? = nil) -> Bool {
        guard reporter.state.withLock({ $0.refused.contains(key) }) else { return false }
        let rule = rule.map { "; \($0)" } ?? ""
        note("\(key) has a value that is \(what)\(place(of: key))\(rule).")
        return true
    }

    /// ` (MUSTER_PORT)`, so that the reader knows what to change.
    private func place(of key: String) -> String {
        settings[key]?.origin.name.map { " (\($0))" } ?? ""
    }

    private final class Reporter: AccessReporter {
        struct State {
            var problems: [String] = []
            var settings: [String: Setting] = [:]
            /// Keys whose values have the wrong type.
            var refused: Set<String> = []
        }

        let state = Mutex(State())
        private let places: [Setting.Place]

        init(places: [Setting.Place]) {
            self.places = places
        }

        func report(_ event: AccessEvent) {
            let key = event.metadata.key.components.joined(separator: ".")
            // The library asks the providers in turn and stops at the first that knows the key,
            // or whose value it can't read: the last result is the one that counted.
            let counted = event.providerResults.indices.last { index in
                switch event.providerResults[index].result {
                case .success(let found): found.value != nil
                case .failure: true
                }
            }
            let place = counted.flatMap { places.indices.contains($0) ? places[$0] : nil }
            var isRefused = event.conversionError != nil
            if let counted, case .failure = event.providerResults[counted].result {
                isRefused = true
            }
            let value = (try? event.result.get()) ?? ConfigValue(.string(""), isSecret: false)
            let setting = Setting(
                key: key, content: value.content, isSecret: value.isSecret,
                origin: Setting.Origin(of: key, in: place))
            state.withLock { state in
                state.settings[key] = setting
                if isRefused { state.refused.insert(key) }
            }
        }
    }
}

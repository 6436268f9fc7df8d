import Audiences
import Configuration
import Synchronization

/// Reads keys, and remembers the first one whose value can't be used.
///
/// The library falls back to the default when a value has the wrong type; a server that starts
/// on another port than its operator wrote down is worse than one that does not start.
final class StrictReader: Sendable {
    private let reader: ConfigReader
    private let reporter = Reporter()

    init(providers: [any ConfigProvider]) {
        reader = ConfigReader(providers: providers, accessReporter: reporter)
    }

    func string(
        _ key: String, _ fallback: String, _ isValid: (String) -> Bool = { _ in true }
    ) -> String {
        let value = reader.string(forKey: ConfigKey(key), default: fallback)
        if !isValid(value) { reporter.note("\(key) can't be \"\(value)\".") }
        return value
    }

    /// A list, each item made by `make`.
    ///
    /// What it can't make is a problem, in the words of `complain`.
    func strings<Item>(
        _ key: String, _ make: (String) -> Item?, _ complain: (String) -> String
    ) -> [Item] {
        reader.stringArray(forKey: ConfigKey(key), default: []).compactMap { text in
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
        guard !text.isEmpty else { return nil }
        let value = make(text)
        if value == nil { note("\(key) must be \(rule).") }
        return value
    }

    /// A list of such.
    func secrets<Value>(_ key: String, _ make: (String) -> Value?, _ rule: String) -> [Value] {
        reader.stringArray(forKey: ConfigKey(key), isSecret: true, default: []).compactMap { text in
            let value = make(text)
            if value == nil { note("Each of \(key) must be \(rule).") }
            return value
        }
    }

    func int(_ key: String, _ fallback: Int, in range: ClosedRange<Int>) -> Int {
        let value = reader.int(forKey: ConfigKey(key), default: fallback)
        if !range.contains(value) {
            reporter.note(
                "\(key) is \(value); it must be \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    func bool(_ key: String, _ fallback: Bool) -> Bool {
        reader.bool(forKey: ConfigKey(key), default: fallback)
    }

    func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        let text = reader.string(forKey: ConfigKey(key), default: fallback.rawValue)
        if let choice = Choice(rawValue: text) { return choice }
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        reporter.note("\(key) is \"\(text)\"; it must be one of \(choices).")
        return fallback
    }

    /// Remembers what is wrong with values together, in a whole sentence.
    func note(_ problem: String) {
        reporter.note(problem)
    }

    func throwFirstProblem() throws(Failure) {
        if let problem = reporter.problem { throw Failure(.invalid, problem) }
    }

    /// The keys that were asked for, for the test that holds them against the list.
    var keysRead: Set<String> { reporter.keysRead }

    private final class Reporter: AccessReporter {
        private let state = Mutex<(problem: String?, keys: Set<String>)>((nil, []))

        var problem: String? { state.withLock { $0.problem } }
        var keysRead: Set<String> { state.withLock { $0.keys } }

        func note(_ problem: String) {
            state.withLock { if $0.problem == nil { $0.problem = problem } }
        }

        func report(_ event: AccessEvent) {
            let key = event.metadata.key.components.joined(separator: ".")
            _ = state.withLock { $0.keys.insert(key) }
            let failed = event.providerResults.contains { result in
                if case .failure = result.result { true } else { false }
            }
            guard failed || event.conversionError != nil else { return }
            note("\(key) has a value that is not a \(event.metadata.valueType.rawValue).")
        }
    }
}

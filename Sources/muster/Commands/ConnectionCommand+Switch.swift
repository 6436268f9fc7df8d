import ArgumentParser
import Audiences
import SQLiteStore

extension ConnectionCommand {
    struct SwitchOff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes no pages of a cohort sync any more, until it is switched on again.",
            discussion: """
                Mixpanel is answered 503, which it retries, and never a 4xx, which would pause its \
                sync.
                """)

        @Argument(help: "The connection's id.")
        var id: String

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.switchCohortSync(of: id, on: false)
        }
    }

    struct SwitchOn: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes pages of a cohort sync again.")

        @Argument(help: "The connection's id.")
        var id: String

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.switchCohortSync(of: id, on: true)
        }
    }

    struct MakeID: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "id",
            abstract: "Makes an id for a connection in the configuration file.")

        func run() throws {
            Terminal.out(ConnectionID.make(from: try Composition.secrets.random(16)).text)
        }
    }
}

extension StoreOptions {
    fileprivate func switchCohortSync(of text: String, on isOn: Bool) async throws {
        try await withStore { store, _ in
            let id = try ConnectionID(argument: text)
            _ = try await store.set(
                isOn: isOn, cohortSyncOf: id, at: Composition.now(), for: .commandLine)
            Terminal.error("switched \(isOn ? "on" : "off") \(id.text)")
        }
    }
}

extension ConnectionID {
    /// What somebody typed.
    init(argument text: String) throws(Failure) {
        guard let id = ConnectionID(text) else {
            throw Failure(.notFound, "There is no connection of this id.")
        }
        self = id
    }
}

import ArgumentParser
import Audiences
import Logging
import Mixpanel
import SQLiteStore

extension AudienceCommand {
    struct Reconcile: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compares an audience with Mixpanel's own list of the cohort.",
            discussion: """
                Mixpanel answers 60 queries an hour about a project, 1000 people a query. When \
                they are used up, the command ends: a running server goes on when there are new \
                ones, or the same command with --watch, which stays to the end. Whoever works on \
                it, it goes on where it was. Without --repair differences are only counted.
                """)

        @Argument(help: "The audience's id.")
        var id: String

        @Flag(help: "Add who is missing, and remove who is extra.")
        var repair = false

        @Flag(help: "Repair also if that removes suspiciously many people.")
        var force = false

        @Flag(help: "Stay to the end; joins a reconciliation that is under way.")
        var watch = false

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func validate() throws {
            guard repair || !force else { throw ValidationError("--force needs --repair.") }
        }

        func run() async throws {
            try await options.withStore { store, configuration in
                let accounts = Composition.accounts(store, configuration)
                let begun = try await begin(in: store, accounts)
                let work = ReconcileWatch(
                    store: store, stays: watch,
                    worker: Reconciling(
                        reconciler: try Composition.reconciler(store, accounts),
                        logger: Logger(label: "muster") { label in
                            LineLogHandler(label: label, level: .error, format: .text)
                        }))
                let last = try await work.follow(begun)
                ReconciliationCommand.show(last, listing)
                if last.status == .failed {
                    throw Failure(.unavailable, last.message ?? "The reconciliation failed.")
                }
            }
        }

        /// Starts one, or with --watch joins the one that is under way.
        private func begin(
            in store: SQLiteStore, _ accounts: ServiceAccounts
        ) async throws -> Reconciliation {
            let id = try audienceID(id)
            if watch {
                let latest = try await store.reconciliations(of: id, ListRange(limit: 1)).items
                if let open = latest.first, !open.status.isFinal { return open }
            }
            guard let audience = try await store.audience(id),
                let connection = try await store.connection(audience.connectionID)
            else { throw Failure(.notFound, "There is no audience \(id.text).") }
            _ = try accounts.access(to: connection, for: audience)
            let reconciliation = Reconciliation(
                id: ReconciliationID.make(from: try Composition.secrets.random(16)),
                audience: id, repairs: repair, isForced: force, createdAt: Composition.now())
            try await store.start(reconciliation, for: .commandLine)
            return reconciliation
        }

        /// What a person is told in the end.
        static func text(_ reconciliation: Reconciliation) -> String {
            var lines = ["\(reconciliation.id.text)  \(reconciliation.status.rawValue)"]
            if reconciliation.status == .waiting, let message = reconciliation.message {
                lines.append(message)
            }
            if let found = reconciliation.result {
                let unexported = found.notExported.map(String.init) ?? "unknown"
                lines += [
                    "missing here         \(found.missing)",
                    "extra here           \(found.extra)",
                    "in both              \(found.matching)",
                    "changed meanwhile    \(found.changedMeanwhile)",
                    "without a profile    \(unexported)",
                ]
            }
            return lines.joined(separator: "\n")
        }
    }
}

/// Works on a reconciliation, beside a server or alone, and draws how far it is.
struct ReconcileWatch {
    let store: SQLiteStore
    /// Whether to stay while it waits for Mixpanel.
    let stays: Bool
    let worker: Reconciling

    /// How often the bar is drawn.
    private static let period = Duration.milliseconds(300)

    /// Returns when it has ended, or when it has to wait and nobody stays.
    func follow(_ begun: Reconciliation) async throws -> Reconciliation {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await worker.work() }
            defer { group.cancelAll() }
            var bar = ProgressBar.forStandardError()
            while true {
                guard let current = try await store.reconciliation(begun.id) else {
                    throw Failure(.gone, "The audience was deleted.")
                }
                draw(current, on: &bar)
                if current.status.isFinal || (!stays && current.resumesAt != nil) {
                    if let interruption = bar.interruption { Terminal.error(raw: interruption) }
                    return current
                }
                try await Task.sleep(for: Self.period)
            }
        }
    }

    private func draw(_ current: Reconciliation, on bar: inout ProgressBar) {
        guard let people = current.progress.peopleTotal else { return }
        let isRead = current.result != nil || current.progress.queryID == nil
        let pages = max((people + 999) / 1000, current.progress.pagesRead, 1)
        let done = isRead ? pages : current.progress.pagesRead
        if let line = bar.update(done: done, of: pages) { Terminal.error(raw: line) }
    }
}

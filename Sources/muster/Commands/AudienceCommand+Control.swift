import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

extension AudienceCommand {
    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Switches a held replacement in.",
            discussion: """
                A replacement that would remove more of an audience than the connection's guard \
                allows is held: the old membership goes on being answered until somebody decides.
                """)

        @OptionGroup var target: ControlTarget

        func run() async throws {
            try await target.control { store, id, now in
                try await store.decide(.accept, on: id, at: now, for: .commandLine)
            }
        }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a held replacement up; the old membership stays.",
            discussion: """
                The audience is flagged needs_reconcile, for Mixpanel goes on from the \
                replacement.
                """)

        @OptionGroup var target: ControlTarget

        func run() async throws {
            try await target.control { store, id, now in
                try await store.decide(.reject, on: id, at: now, for: .commandLine)
            }
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts the membership back that was replaced last.",
            discussion: """
                It is there for as long as replaced snapshots are kept. Restoring again undoes \
                it. The audience is flagged needs_reconcile.
                """)

        @OptionGroup var target: ControlTarget

        func run() async throws {
            try await target.control { store, id, now in
                try await store.restore(id, at: now, for: .commandLine)
            }
        }
    }
}

/// One audience that something is done to, which is shown afterwards.
struct ControlTarget: ParsableArguments {
    @Argument(help: "The audience's id.")
    var id: String

    @OptionGroup var listing: ListingOptions
    @OptionGroup var options: StoreOptions

    func control(
        _ body: (SQLiteStore, AudienceID, Timestamp) async throws -> Void
    ) async throws {
        try await options.withStore { store, _ in
            let id = try audienceID(id)
            let now = Composition.now()
            try await body(store, id, now)
            guard let audience = try await store.audience(id) else { return }
            if listing.json {
                var json = JSONWriter()
                json.audience(audience, at: now)
                Terminal.out(json.bytes + [0x0A])
            } else {
                let status = audience.freshness.status(at: now).rawValue
                Terminal.out("\(id.text)  \(audience.memberCount) members  \(status)")
            }
        }
    }
}

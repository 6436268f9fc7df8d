import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

extension HookCommand {
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a test event sent.",
            discussion: """
                The server sends it within a second or two, and `hook deliveries` tells what came \
                of it; without a server it waits for one.
                """)

        @Argument(help: "The connection's id.")
        var connection: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let delivery = HookDelivery(
                    id: HookDeliveryID.make(from: try Composition.secrets.random(16)),
                    connectionID: try ConnectionID(argument: connection), kind: .test,
                    createdAt: Composition.now())
                try await store.sendTest(delivery, for: .commandLine)
                HookCommand.show([delivery], listing)
            }
        }
    }

    struct Deliveries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what was sent to a hook or is to be, newest first.")

        @Argument(help: "The connection's id.")
        var connection: String

        @Option(help: "Only those that are waiting, delivered or failed.")
        var status: String?

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let status = try status.map { name throws(Failure) in
                    guard let status = HookDelivery.Status(rawValue: name) else {
                        throw Failure(.invalid, "--status must be waiting, delivered or failed.")
                    }
                    return status
                }
                let id = try ConnectionID(argument: connection)
                HookCommand.show(
                    try await everything {
                        try await store.deliveries(of: id, status: status, $0)
                    }, listing)
            }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends one again, whatever became of it.",
            discussion: "A receiver that knows its id already has to take it for the same event.")

        @Argument(help: "The connection's id.")
        var connection: String

        @Argument(help: "The delivery's id.")
        var delivery: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                guard let delivery = HookDeliveryID(delivery) else { throw Failure.noDelivery }
                let replayed = try await store.replay(
                    delivery, of: ConnectionID(argument: connection), at: Composition.now(),
                    for: .commandLine)
                HookCommand.show([replayed], listing)
            }
        }
    }

    private static func show(_ deliveries: [HookDelivery], _ listing: ListingOptions) {
        guard !listing.json else {
            return Terminal.out(
                Listing.json(deliveries) { json, delivery in json.hookDelivery(delivery) })
        }
        let rows = deliveries.map { delivery in
            [
                delivery.id.text, delivery.kind.rawValue, delivery.status.rawValue,
                String(delivery.attempts), delivery.nextAttemptAt?.rfc3339 ?? "-",
                delivery.lastProblem ?? "-",
            ]
        }
        Terminal.out(
            Terminal.table(
                ["DELIVERY", "EVENT", "STATUS", "ATTEMPTS", "NEXT ATTEMPT", "PROBLEM"], rows))
    }
}

import ArgumentParser
import Audiences
import Endpoints
import JSON
import Mixpanel
import SQLiteStore

extension ConnectionCommand {
    struct Cohorts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the cohorts saved at Mixpanel, beside the audiences they feed.",
            discussion: "Asks Mixpanel, by the connection's service account.")

        @Argument(help: "The connection's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, configuration in
                guard let id = ConnectionID(id), let connection = try await store.connection(id)
                else { throw Failure(.notFound, "There is no connection of this id.") }
                let cohorts: [FeedingCohort]
                do {
                    cohorts = try await Composition.accounts(store, configuration)
                        .savedCohorts(of: connection, in: store)
                } catch let busy as MixpanelBusy {
                    throw Failure(.unavailable, busy.message)
                }
                let now = Composition.now()
                if listing.json {
                    Terminal.out(
                        Listing.json(cohorts) { json, cohort in
                            json.savedCohort(cohort, at: now)
                        })
                } else {
                    Terminal.out(Self.table(cohorts, at: now))
                }
            }
        }

        static func table(_ cohorts: [FeedingCohort], at now: Timestamp) -> String {
            let rows = cohorts.map { feeding in
                [
                    feeding.cohort.id.text, feeding.cohort.name,
                    feeding.cohort.count.map(String.init) ?? "-",
                    feeding.audience?.id.text ?? "-",
                    feeding.audience.map { String($0.memberCount) } ?? "-",
                    feeding.audience?.freshness.status(at: now).rawValue ?? "-",
                ]
            }
            return Terminal.table(
                ["COHORT", "NAME", "PEOPLE", "AUDIENCE", "MEMBERS", "STATUS"], rows)
        }
    }
}

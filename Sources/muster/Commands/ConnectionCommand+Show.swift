import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

extension ConnectionCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one connection.")

        @Argument(help: "The connection's id.")
        var id: String

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, configuration in
                let unknown = Failure(.notFound, "There is no connection of this id.")
                guard let id = ConnectionID(id) else { throw unknown }
                let found = try await store.connection(id)
                guard let found else { throw unknown }
                Self.show(found, listing, configuration)
            }
        }

        static func show(
            _ connection: Connection, _ listing: ListingOptions,
            _ configuration: MusterConfiguration
        ) {
            if listing.json {
                var json = JSONWriter()
                json.connection(connection, configuration.publicURL)
                Terminal.out(json.bytes + [0x0A])
            } else {
                Terminal.out(text(connection, configuration))
            }
        }

        private static func guardText(_ fraction: RemovedFraction?) -> String {
            fraction.map { "holds what removes more than \($0.value) of an audience" } ?? "-"
        }

        private static func text(
            _ connection: Connection, _ configuration: MusterConfiguration
        ) -> String {
            let url = (configuration.publicURL ?? "<your server>") + connection.webhookPath
            let (sync, traits) = (connection.cohortSync, connection.traitsAllowed)
            let off = sync?.switchedOffAt.map { "switched off at \($0.rfc3339)" }
            var lines = [
                "Connection          \(connection.id.text)",
                "Name                \(connection.name)",
                "Webhook URL         \(sync == nil ? "-" : url)",
                "Username            \(sync?.username ?? "-")",
                "Cohort sync         \(sync == nil ? "-" : off ?? "on")",
                "First page          \(sync?.firstPageAt?.rfc3339 ?? "-")",
            ]
            for secret in sync?.secrets ?? [] { lines.append(secret.text) }
            lines += [
                connection.serviceAccount?.text ?? "Service account     -",
                "Reference property  \(connection.referenceProperty)",
                "Traits              \(traits.isEmpty ? "-" : traits.joined(separator: ", "))",
                "Guard               \(guardText(connection.guardMaxRemoved))",
                "Created             \(connection.createdAt.rfc3339)",
            ]
            if connection.isDeclared {
                lines.append("Declared            by the configuration file")
            }
            return lines.joined(separator: "\n")
        }
    }
}

extension StoredSecret {
    fileprivate var text: String {
        let end = expiresAt.map { ", ends \($0.rfc3339)" } ?? ""
        return "Secret              \(id.text), last used \(lastUsedAt?.rfc3339 ?? "never")\(end)"
    }
}

extension ServiceAccount {
    /// For people; its secret is not in it.
    var text: String {
        var lines = [
            "Service account     \(username), \(status.rawValue), checked \(checkedAt.rfc3339)"
        ]
        if let project { lines.append("Project             \(project.text)") }
        if let message { lines.append("                    \(message)") }
        if status == .needsProject {
            lines += projects.map { "                    --project \($0.text)" }
        }
        return lines.joined(separator: "\n")
    }
}

extension MixpanelProject {
    fileprivate var text: String {
        let place = region.map { "(\($0.rawValue))" }
        return [id.text, name, place].compactMap(\.self).joined(separator: "  ")
    }
}

import ArgumentParser
import Audiences
import Endpoints
import JSON
import SQLiteStore

struct ElementsUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "elements-user", abstract: "Who may use the element API.",
        subcommands: [Create.self, List.self, Remove.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a user of the element API.",
            discussion: """
                The secrets are shown this once: together they open the API, as in \
                Authorization: User <…>, Organization <…>. Who joins an organization shares its \
                instances, and has its secret from the others.
                """)

        @Option(help: "Who the user is.")
        var name: String

        @Option(help: "The organization to join; a new one without.")
        var organization: String?

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore(showingSecrets: listing) { store, _ in
                let issued = try ElementUser.issue(
                    name: name, joining: try await colleague(in: store), at: Composition.now(),
                    by: Composition.secrets)
                let user = try await store.create(issued.user, for: .commandLine)
                if listing.json {
                    var json = JSONWriter()
                    json.elementUser(user, issued)
                    Terminal.out(json.bytes + [0x0A])
                } else {
                    Terminal.out(
                        """
                        User id              \(user.id.text)
                        Organization         \(user.organization.text)
                        User secret          \(issued.userSecret)
                        Organization secret  \(issued.organizationSecret ?? "that of the others")

                        The secrets are shown this once.
                        """)
                }
            }
        }

        private func colleague(in store: SQLiteStore) async throws -> ElementUser? {
            guard let organization else { return nil }
            let users = try await everything { try await store.elementUsers($0) }
            guard let found = users.first(where: { $0.organization.text == organization }) else {
                throw Failure(.notFound, "There is no organization \(organization).")
            }
            return found
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the users of the element API; never their secrets.")

        @OptionGroup var listing: ListingOptions
        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                let users = try await everything { try await store.elementUsers($0) }
                if listing.json {
                    Terminal.out(Listing.json(users) { json, user in json.elementUser(user) })
                } else {
                    let rows = users.map { user in
                        [
                            user.id.text, user.organization.text, user.name,
                            user.createdAt.rfc3339,
                        ]
                    }
                    Terminal.out(
                        Terminal.table(["USER", "ORGANIZATION", "NAME", "CREATED"], rows))
                }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a user of the element API: their secret opens nothing any more.",
            discussion: """
                The instances stay with the organization; with its last user they go, and their \
                tokens open nothing any more.
                """)

        @Argument(help: "The user's id, as `elements-user list` shows it.")
        var id: String

        @Flag(help: "Don't ask before the last user of an organization takes its instances along.")
        var yes = false

        @OptionGroup var options: StoreOptions

        func run() async throws {
            try await options.withStore { store, _ in
                guard let id = ElementUserID(id), let user = try await store.elementUser(id) else {
                    throw Failure(.notFound, "There is no element user of this id.")
                }
                try await confirm(user, in: store)
                let gone = try await store.removeElementUser(
                    id, at: Composition.now(), for: .commandLine)
                Terminal.error("removed \(id.text)" + (gone > 0 ? " and \(gone) instances" : ""))
            }
        }

        private func confirm(_ user: ElementUser, in store: SQLiteStore) async throws {
            let users = try await everything { try await store.elementUsers($0) }
            guard users.count(where: { $0.organization == user.organization }) == 1 else { return }
            let filter = InstanceFilter(organization: user.organization)
            let any = try await store.instances(matching: filter, ListRange(limit: 1)).items
            guard !any.isEmpty else { return }
            try Question.confirm(
                "\(user.name) is the last of the organization: its instances go, too. Go on?",
                isAnswered: yes)
        }
    }
}

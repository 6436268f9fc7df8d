import ArgumentParser
import Audiences
import Mixpanel
import Platform

/// Which service account a connection is to have.
///
/// Its secret is never an argument, which others could see in the list of processes.
struct ServiceAccountOptions: ParsableArguments {
    @Option(help: "The service account's username; its secret is asked for.")
    var username: String?

    @Flag(help: "Read its secret as one line from stdin.")
    var secretStdin = false

    @Option(help: "The id of the Mixpanel project, if the account can see several.")
    var project: String?

    func validate() throws {
        guard !secretStdin || username != nil else {
            throw ValidationError("--secret-stdin needs --username.")
        }
    }

    var isEmpty: Bool { username == nil && project == nil }

    /// Whether only the project of the account there is gets chosen.
    var isChoice: Bool { username == nil && project != nil }

    /// The account as Mixpanel tells of it; the connection's own if none is named.
    ///
    /// - Throws: `invalid` for an account that can't be one; `conflict` or `unavailable` if a
    ///   project is not the account's, or nobody could be asked.
    func account(
        of connection: Connection, _ accounts: ServiceAccounts
    ) async throws -> ServiceAccount? {
        let project = try project.map { text throws(Failure) in
            guard let id = ExternalID(text) else {
                throw Failure(.invalid, "--project must be the id of a Mixpanel project.")
            }
            return id
        }
        if let username {
            return try await accounts.connect(
                username: username, secret: try secret(), project: project, for: connection.id)
        }
        guard let project else { return connection.serviceAccount }
        return try await accounts.choose(
            project, for: connection.neededAccount(), of: connection.id)
    }

    private func secret() throws -> [UInt8] {
        if secretStdin { return try SecretCommand.Hash.line() }
        guard HiddenInput.isPossible else {
            throw Failure(
                .invalid,
                "There is no terminal to ask for the secret on; use --secret-stdin to pipe it in.")
        }
        let bytesMax = SecretCommand.Hash.secretBytesMax + 1
        let line = try HiddenInput.read(
            prompt: "Secret of the service account: ", bytesMax: bytesMax)
        guard let line else { throw Ending.interrupted }
        return line
    }
}

extension Connection {
    func neededAccount() throws(Failure) -> ServiceAccount {
        guard let serviceAccount else {
            throw Failure(
                .conflict,
                "The connection has no service account: `connection edit --username` sets one.")
        }
        return serviceAccount
    }
}

extension ConnectionStore {
    /// The connection of this id.
    ///
    /// - Throws: `notFound` if there is none.
    func needed(_ id: ConnectionID) async throws(Failure) -> Connection {
        let found = try await connection(id)
        guard let found else { throw Failure(.notFound, "There is no connection of this id.") }
        return found
    }
}

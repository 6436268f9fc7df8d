import Audiences
import Logging
import SQLiteStore

extension Composition {
    /// Makes the declared connections what the configuration file says.
    func declare(_ connections: [DeclaredConnection]) async throws {
        let now = Self.now()
        try await store.declare(
            try connections.map { try $0.connection(at: now, by: Self.secrets) }, at: now,
            for: Operation(by: .configuration))
    }

    /// What SIGHUP asks for: a file that can't be used leaves everything as it was.
    func redeclare(_ flags: ConfigurationFlags, _ logger: Logger) async {
        do {
            let connections = try await MusterConfiguration.read(flags: flags).connections
            try await declare(connections)
            logger.notice(
                "declared connections reloaded",
                metadata: ["connections.count": .stringConvertible(connections.count)])
        } catch {
            let failure = error as? Failure
            let problems = (error as? ConfigurationProblems)?.description
            logger.error(
                "declared connections not reloaded, those in use stay",
                metadata: [
                    "error.message": .string(
                        failure?.message ?? problems ?? "\(type(of: error))"),
                    "error.detail": .string(failure?.detail ?? ""),
                ])
        }
    }
}

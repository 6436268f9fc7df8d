import Endpoints
import HTTPTransport
import ServiceLifecycle

/// Runs the HTTP server in a service group, and drains it when the group is told to stop.
struct ServerService: Service {
    let server: Server
    let readiness: Readiness
    let drainTimeout: Duration

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask {
                try? await gracefulShutdown()
                readiness.draining()
                await server.drain(within: drainTimeout)
            }
            readiness.started()
            try await group.next()
            group.cancelAll()
        }
    }
}

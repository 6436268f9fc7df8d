import Endpoints
import HTTPTransport
import ServiceLifecycle

/// Runs the HTTP server in a service group, and drains it when the group is told to stop.
struct ServerService: Service {
    let server: Server
    /// Answers probes until the very end.
    let operations: Server?
    let readiness: Readiness
    let drainTimeout: Duration

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            if let operations { group.addTask { try await operations.run() } }
            group.addTask {
                try? await gracefulShutdown()
                readiness.draining()
                await server.drain(within: drainTimeout)
            }
            readiness.started()
            let first = await group.nextResult()
            await operations?.drain(within: .zero)
            group.cancelAll()
            try first?.get()
        }
    }
}

internal import ArgumentParser
internal import Audiences
internal import Foundation
internal import HTTPTransport
internal import JSON
internal import Mixpanel
internal import Platform
internal import UnixSignals

extension SimulateCommand {
    /// Stands in for Mixpanel until SIGTERM or SIGINT.
    func serveMixpanel() async throws {
        let seed = cohort.seed ?? .random(in: 0...UInt64(UInt32.max))
        let credential = SimulatedAccount(
            username: "simulated.\(seed % 0xFFFFFF).mp-service-account", secret: try Self.secret())
        var mixpanel = try world(of: credential, seed)
        if let url {
            try mixpanel.refusing {
                try $0.addDestination(
                    url: url, username: credentials.username, secret: try destinationSecret(),
                    cohorts: [cohort.cohortId])
            }
        }
        if let commands = try server.commands() {
            try mixpanel.refusing { _ = try $0.obey(commands) }
        }
        let exchange = HTTPExchange(connectionsMax: delivery.parallel)
        defer { exchange.finish() }
        let player = MixpanelServer(
            mixpanel, exchange: exchange, timeout: .seconds(delivery.timeout),
            log: { Terminal.error($0) })
        try await serve(player, mixpanel.world)
    }

    private func world(
        of account: SimulatedAccount, _ seed: UInt64
    ) throws -> SimulatedMixpanel {
        var world = SimulatedWorld(
            account: account, seed: seed, referenceShare: cohort.referenceShare)
        var project = SimulatedProject(
            id: cohort.projectId, name: "Simulated project", region: server.region)
        project.secret = String(decoding: try Self.secret(), as: UTF8.self)
        project.token = String(decoding: try Self.secret(), as: UTF8.self)
        world.projects = [project]
        var mixpanel = SimulatedMixpanel(world, seed: seed)
        mixpanel.settings.pageSize = cohort.pageSize
        mixpanel.settings.cycle = server.cycleDuration
        mixpanel.settings.retryScale = delivery.retryScale
        try mixpanel.refusing { try $0.world.addCohort(cohort.name, count: cohort.members) }
        return mixpanel
    }

    private func destinationSecret() throws -> String {
        try credentials.password(environment: ProcessInfo.processInfo.environment) ?? ""
    }

    private func serve(
        _ player: MixpanelServer, _ world: SimulatedWorld
    ) async throws {
        var limits = TransportLimits()
        // Nobody balances load onto a simulator.
        limits.drainAcceptDelay = .zero
        let address = try SocketAddress.resolve(
            host: "127.0.0.1", port: UInt16(clamping: server.port))
        let http = try Server(address: address, limits: limits, handler: player.handler)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        Terminal.out(introduction(at: "http://\(http.address)", world))
        Terminal.error("listening on \(http.address)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await http.run() }
            group.addTask { await player.keepCycles() }
            group.addTask {
                for await _ in signals { break }
                await http.drain(within: .seconds(1))
            }
            // Serving ends when it was drained.
            try await group.next()
            group.cancelAll()
        }
    }

    /// Where Muster finds this Mixpanel, and the credentials to give it.
    private func introduction(at base: String, _ world: SimulatedWorld) -> String {
        let account = world.account
        let secret = String(decoding: account.secret, as: UTF8.self)
        let projectSecret = world.projects.first?.secret ?? ""
        let token = world.projects.first?.token ?? ""
        guard json else {
            return """
                Mixpanel US     \(base)/us
                Mixpanel EU     \(base)/eu
                Mixpanel India  \(base)/in
                Control         \(base)/control
                Username        \(account.username)
                Secret          \(secret)
                API secret      \(projectSecret)
                Project token   \(token)
                """
        }
        var json = JSONWriter()
        json.beginObject()
        let fields: [(StaticString, String)] = [
            ("us", base + "/us"), ("eu", base + "/eu"), ("in", base + "/in"),
            ("control", base + "/control"), ("username", account.username), ("secret", secret),
            ("project_secret", projectSecret), ("project_token", token),
            ("project", cohort.projectId), ("cohort", cohort.cohortId),
        ]
        for (name, value) in fields {
            json.key(name)
            json.string(value)
        }
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// As long as Mixpanel's own, and random: it may be typed into a real Muster.
    private static func secret() throws -> [UInt8] {
        let letters = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        return try RandomBytes.make(32).map { letters[Int($0 % 32)] }
    }
}

extension SimulatedMixpanel {
    /// Does `body`; what it refuses is a mistake on the command line.
    fileprivate mutating func refusing(
        _ body: (inout SimulatedMixpanel) throws -> Void
    ) throws {
        do {
            try body(&self)
        } catch let refusal as SimulatorRefusal {
            throw ValidationError(refusal.message)
        }
    }
}

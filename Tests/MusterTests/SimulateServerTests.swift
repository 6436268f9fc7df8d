import ArgumentParser
import Audiences
import Foundation
import HTTPTransport
import HTTPWire
import JSON
import Mixpanel
import Platform
import Synchronization
import TestSupport
import Testing

@testable import muster

/// The simulated Mixpanel on a real port, asked by the real client.
@Suite(.timeLimit(.minutes(30))) struct SimulateServerTests {
    @Test func anAccountIsFoundAndItsCohortReadOverTheWire() async throws {
        try await withMixpanel(members: 1500) { mixpanel in
            let account = await mixpanel.api.discover(mixpanel.credential)
            #expect(account.status == .connected)
            let project = try #require(ExternalID("7"))
            let cohorts = try await mixpanel.api.cohorts(
                of: project, in: .eu, mixpanel.credential)
            #expect(cohorts.map(\.count) == [1500])
            let query = EngageQuery(project: project, region: .eu, cohort: cohorts[0].id)
            let first = try await mixpanel.api.engage(query, mixpanel.credential)
            guard case .page(let next) = first.next else { throw CancellationError() }
            let second = try await mixpanel.api.engage(next, mixpanel.credential)
            #expect(first.members.count == 1000 && second.members.count == 500)
            #expect(second.next == .end)
        }
    }

    @Test func faultsAreSwitchedByControl() async throws {
        try await withMixpanel { mixpanel in
            _ = try await mixpanel.control(#"{"do":"fault","kind":"redirect","times":1}"#)
            let project = try #require(ExternalID("7"))
            await #expect(throws: MixpanelError(.notMixpanel(.redirect), in: .eu)) {
                try await mixpanel.api.cohorts(of: project, in: .eu, mixpanel.credential)
            }
            #expect(
                try await mixpanel.api.cohorts(of: project, in: .eu, mixpanel.credential).count
                    == 1)
        }
    }

    @Test func aSlowRegionIsGivenUp() async throws {
        try await withMixpanel { mixpanel in
            _ = try await mixpanel.control(#"{"do":"fault","kind":"slow","delay_ms":600000}"#)
            let request = MixpanelRequest(
                method: .get, url: mixpanel.base + "/eu/api/app/me", timeout: .milliseconds(50))
            await #expect(throws: MixpanelUnreachable.timedOut) {
                try await mixpanel.exchange.mixpanel(request)
            }
        }
    }

    @Test func aSyncRunsOnCommandAndIsOverWhenTheAnswerComes() async throws {
        let receiver = try LoopbackReceiver { request in
            let action = (try? JSONValue(parsing: request.body).object)?["action"]?.string ?? ""
            return LoopbackReceiver.reply(200, #"{"action":"\#(action)","status":"success"}"#)
        }
        defer { receiver.stop() }
        try await withMixpanel(members: 1500) { mixpanel in
            let url = try receiver.url.absoluteString
            var state = try await mixpanel.control(
                """
                [{"do":"add_destination","url":"\(url)","username":"u","secret":"s"},{"do":"sync"}]
                """)
            #expect(receiver.requests.count == 2)
            let head = try #require(receiver.requests.first).head
            #expect(head.contains("\r\nAuthorization: Basic dTpz\r\n"))
            state = try await mixpanel.control(
                #"[{"do":"enter","cohort":"21","count":1},{"do":"sync"}]"#)
            #expect(receiver.requests.count == 4)
            let deliveries = try #require(state["deliveries"]?.array)
            #expect(deliveries.compactMap { $0.object?["members"]?.int } == [1000, 500, 1, 0])
            #expect(!mixpanel.lines.withLock { $0.joined() }.contains("dTpz"))
        }
    }

    @Test func eventsAreExportedOverTheWire() async throws {
        try await withMixpanel { mixpanel in
            _ = try await mixpanel.control(
                """
                [{"do":"add_events","project":"7","count":5000,"from":"1970-01-01T00:00:00Z",
                "every_ms":1},{"do":"project","project":"7","secret":"5ecret"}]
                """)
            let lines = Lines()
            #expect(try await mixpanel.export(into: lines) == 5000)
            let events = try lines.withLock { $0 }.map {
                try JSONValue(parsing: Array($0.utf8)).object
            }
            let numbers = events.map { $0?["properties"]?.object?["number"]?.int }
            #expect(numbers == Array(0..<5000))
        }
    }

    @Test func anExportIsSlowAndBreaksOffOverTheWire() async throws {
        try await withMixpanel { mixpanel in
            _ = try await mixpanel.control(
                """
                [{"do":"add_events","project":"7","count":1500,"from":"1970-01-01T00:00:00Z",
                "every_ms":1},{"do":"project","project":"7","secret":"5ecret"},
                {"do":"fault","kind":"trickle","delay_ms":1,"times":1},{"do":"fault","kind":"cut"}]
                """)
            #expect(try await mixpanel.export(into: Lines()) == 1500)
            let lines = Lines()
            let error = await #expect(throws: ProviderError.self) {
                _ = try await mixpanel.export(into: lines)
            }
            #expect(error?.reason == .unreachable(.connectionLost))
            #expect(lines.withLock { $0.count } == 500)
        }
    }

    @Test func aSyncRunsByItselfWhenItIsDue() async throws {
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let receiver = try LoopbackReceiver { _ in
            arrived.yield()
            return LoopbackReceiver.reply(401)
        }
        defer { receiver.stop() }
        try await withMixpanel { mixpanel in
            let url = try receiver.url.absoluteString
            _ = try await mixpanel.control(#"{"do":"add_destination","url":"\#(url)"}"#)
            let cycles = Task { await mixpanel.server.keepCycles() }
            for await _ in arrivals { break }
            cycles.cancel()
            await cycles.value
        }
    }

    @Test(arguments: ["{", #"{"do":"dance"}"#])
    func aCommandThatIsNotUnderstoodIsRefused(command: String) async throws {
        try await withMixpanel { mixpanel in
            let answer = try await mixpanel.post(command)
            #expect(answer.status == 400)
            let error = try JSONValue(parsing: answer.body).object?["error"]?.string
            #expect(error?.hasSuffix(".") == true)
        }
    }

    @Test(arguments: [
        ["--serve-mixpanel"], ["--serve-mixpanel", "--port", "65535", "--cycle", "0"],
        ["--serve-mixpanel", "--region", "in", "--cycle", "604800"],
        ["--serve-mixpanel", "http://localhost:1/x", "--username", "u", "--secret", "s"],
    ])
    func theOptionsAreUnderstood(words: [String]) throws {
        #expect(throws: Never.self) { try SimulateCommand.parse(words) }
    }

    @Test(arguments: [
        [], ["--serve-mixpanel", "--port", "65536"], ["--serve-mixpanel", "--port", "-1"],
        ["--serve-mixpanel", "--cycle", "-1"], ["--serve-mixpanel", "--cycle", "604801"],
        ["--serve-mixpanel", "--region", "fr"], ["--serve-mixpanel", "ftp://x"],
    ])
    func optionsThatCanNotBeMeantAreUsage(words: [String]) {
        let error = #expect(throws: (any Error).self) { try SimulateCommand.parse(words) }
        #expect(error.map { SimulateCommand.exitCode(for: $0).rawValue } == 64)
    }

    @Test func theHelpNamesEveryCommand() {
        let help = SimulateCommand.helpMessage(columns: 120)
        for command in [
            "add_destination", "clear_faults", "no_profile", "advance", "/control", "add_people",
            "add_events", "project_secrets",
        ] {
            #expect(help.contains(command))
        }
    }

    /// A simulated Mixpanel that listens, and who may ask it.
    private struct Mixpanel: Sendable {
        let server: MixpanelServer
        let base: String
        let credential: ServiceCredential
        let exchange: HTTPExchange
        let lines: Lines

        var api: MixpanelAPI {
            MixpanelAPI(
                exchange: exchange.mixpanel, streaming: exchange.mixpanelStream,
                hosts: MixpanelHosts(simulatedAt: base), now: { Timestamp(milliseconds: 0) })
        }

        /// All events of the first day.
        func export(into lines: Lines) async throws -> Int {
            let secret = try #require(ProjectSecret("5ecret"))
            let id = try #require(ExternalID("7"))
            let access = ProjectAccess(
                .secret(secret), in: .eu, quota: MixpanelProject(id: id))
            let query = ExportQuery(
                from: Timestamp(milliseconds: 0), to: Timestamp(milliseconds: 86_400_000))
            return try await api.export(query, as: access) { line in
                lines.append(String(decoding: line, as: UTF8.self))
            }
        }

        func post(_ commands: String) async throws -> HTTPExchange.Response {
            let url = try #require(URL(string: base + "/control"))
            return try await exchange(
                "POST", url, body: Array(commands.utf8), timeout: .patience)
        }

        func control(_ commands: String) async throws -> JSONObject {
            let answer = try await post(commands)
            #expect(answer.status == 200)
            let state = try JSONValue(parsing: answer.body).object
            return try #require(state)
        }
    }

    private final class Lines: Sendable {
        private let all = Mutex<[String]>([])

        func append(_ line: String) { all.withLock { $0.append(line) } }
        func withLock<R>(_ body: ([String]) -> R) -> R { all.withLock { body($0) } }
    }

    private func withMixpanel(
        members: Int = 3, _ body: (Mixpanel) async throws -> Void
    ) async throws {
        let credential = try #require(
            ServiceCredential(username: "a.1.mp-service-account", secret: Array("s3cr3t".utf8)))
        var world = SimulatedWorld(
            account: SimulatedAccount(username: credential.username, secret: credential.secret),
            seed: 7)
        world.projects = [SimulatedProject(id: "7", name: "Prod", region: .eu)]
        try world.addCohort(
            SimulatedCohortName(projectID: "7", cohortID: "21", name: "Power users"),
            count: members)
        let exchange = HTTPExchange(connectionsMax: 4)
        let lines = Lines()
        let player = MixpanelServer(
            SimulatedMixpanel(world, seed: 7), exchange: exchange, timeout: .patience,
            log: { lines.append($0) })
        var limits = TransportLimits()
        limits.drainAcceptDelay = .zero
        let server = try Server(
            address: SocketAddress(parsing: "127.0.0.1:0"), loopCount: 1, limits: limits,
            handler: player.handler)
        let run = Task { try await server.run() }
        let mixpanel = Mixpanel(
            server: player, base: "http://\(server.address)", credential: credential,
            exchange: exchange, lines: lines)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(mixpanel))
        } catch {
            result = .failure(error)
        }
        await server.drain(within: .zero)
        try await run.value
        try result.get()
    }
}

internal import Audiences
internal import Foundation
internal import HTTPTransport
internal import HTTPWire
internal import JSON
internal import Mixpanel
internal import Platform
internal import Synchronization

/// Gives a ``SimulatedMixpanel`` a port, a clock, and a way to the webhooks it syncs to.
final class MixpanelServer: Sendable {
    private let mixpanel: Mutex<SimulatedMixpanel>
    private let exchange: HTTPExchange
    private let timeout: Duration
    /// Told one line for each thing that happens; never a secret.
    private let log: @Sendable (String) -> Void
    private let turns = SyncTurns()

    /// A command is a few lines, a scenario some pages.
    static let commandBytesMax = 4 * 1024 * 1024
    /// How often the clock is looked at: a cycle is seconds at least.
    static let tick = Duration.milliseconds(100)

    init(
        _ mixpanel: SimulatedMixpanel, exchange: HTTPExchange, timeout: Duration,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.mixpanel = Mutex(mixpanel)
        self.exchange = exchange
        self.timeout = timeout
        self.log = log
    }

    private var now: Timestamp { Timestamp(milliseconds: WallClock.millisecondsSince1970()) }

    // MARK: Answering

    /// Answers what Muster asks Mixpanel, and `/control`.
    var handler: Handler {
        { [self] head, body, _ in
            let bytes: [UInt8]
            do throws(WireError) {
                let buffer = try await body.collect(upTo: Self.commandBytesMax)
                bytes = buffer.withUnsafeBytes { Array($0) }
            } catch {
                return Self.json(.badRequest, Self.refusal("The body can't be read."))
            }
            let isControl =
                head.target.segments.count == 1
                && head.target.segments[0].utf8.elementsEqual("control".utf8)
            return isControl ? await control(head.method, bytes) : await answer(head, bytes)
        }
    }

    private func answer(_ head: RequestHead, _ body: [UInt8]) async -> HTTPWire.Response {
        let authorization = head.headers.only("authorization")
        let request = SimulatedRequest(
            method: head.method.name, target: head.target,
            authorization: authorization.map { String(decoding: $0, as: UTF8.self) }, body: body)
        let answer = mixpanel.withLock { $0.answer(to: request, at: now) }
        log("asked for /\(head.target.segments.joined(separator: "/")): \(answer.status)")
        // Cut short only when the server stops.
        if answer.delay > .zero { try? await Task.sleep(for: answer.delay) }
        return Response(
            Status(code: answer.status, reason: "Simulated"), headers: answer.headers,
            body: answer.stream.map(Self.body) ?? .bytes(answer.body))
    }

    /// A body that is sent as it is made; one that is cut ends the connection.
    private static func body(_ stream: SimulatedAnswer.Stream) -> ResponseBody {
        .stream { writer in
            var number = 0
            while let piece = stream.piece(number) {
                if number == stream.piecesLeft { throw SimulatedCut() }
                if stream.pause > .zero { try await Task.sleep(for: stream.pause) }
                if !piece.isEmpty { try await writer.write(piece) }
                number += 1
            }
        }
    }

    private func control(_ method: HTTPWire.Method, _ body: [UInt8]) async -> HTTPWire.Response {
        switch method {
        case .get: break
        case .post:
            do throws(SimulatorRefusal) {
                try await obey(body)
            } catch {
                return Self.json(.badRequest, Self.refusal(error.message))
            }
        default: return Self.json(.methodNotAllowed, Self.refusal("Use GET or POST."))
        }
        return Self.json(.ok, mixpanel.withLock { $0.state() })
    }

    /// Obeys commands, and runs the syncs they ask for to their end.
    func obey(_ commands: [UInt8]) async throws(SimulatorRefusal) {
        let runs = try mixpanel.withLock { mixpanel throws(SimulatorRefusal) in
            try mixpanel.obey(commands)
        }
        await withDiscardingTaskGroup { group in
            for id in runs { group.addTask { await self.run(id) } }
        }
    }

    private static func json(_ status: Status, _ body: [UInt8]) -> HTTPWire.Response {
        Response(status, headers: [("Content-Type", "application/json")], body: .bytes(body))
    }

    private static func refusal(_ message: String) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("error")
        json.string(message)
        json.endObject()
        return json.bytes
    }

    // MARK: Sending

    /// Runs syncs when they are due, until it is cancelled.
    func keepCycles() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for id in mixpanel.withLock({ $0.dueSyncs(at: now) }) {
                    // Once begun it is no longer due, so nobody runs twice for one cycle.
                    group.addTask { await self.run(id, onlyIfDue: true) }
                }
                try? await Task.sleep(for: Self.tick)
            }
        }
    }

    private func run(_ id: SimulatedSyncID, onlyIfDue: Bool = false) async {
        await turns.take(id) { [self] in
            let isWanted = mixpanel.withLock { !onlyIfDue || $0.dueSyncs(at: now).contains(id) }
            guard isWanted else { return }
            var step = mixpanel.withLock { $0.start(id, at: now) }
            while let current = step, !Task.isCancelled {
                step = await follow(current, of: id)
            }
        }
    }

    private func follow(
        _ step: SimulatedMixpanel.SyncStep, of id: SimulatedSyncID
    ) async -> SimulatedMixpanel.SyncStep? {
        switch step {
        case .post(let post):
            let answer = await send(post)
            let next = mixpanel.withLock {
                $0.answered(id, status: answer?.status, body: answer?.body ?? [], at: now)
            }
            if let delivery = mixpanel.withLock({ $0.deliveries.last { $0.sync == id } }) {
                log(delivery.line)
            }
            return next
        case .wait(let duration):
            try? await Task.sleep(for: duration)
            return mixpanel.withLock { $0.waited(id) }
        case .rest(let outcome):
            let end = outcome.reason.map { "not done: \($0)" } ?? "done"
            log("sync of cohort \(id.cohort) to destination \(id.destination) \(end)")
            return nil
        }
    }

    private func send(_ post: SimulatedPost) async -> HTTPExchange.Response? {
        guard let url = URL(string: post.url) else { return nil }
        var headers = [(name: "Content-Type", value: "application/json")]
        if let authorization = post.authorization {
            headers.append(("Authorization", authorization))
        }
        return try? await exchange(
            "POST", url, headers: headers, body: post.body, timeout: timeout)
    }
}

/// The connection is to break here.
private struct SimulatedCut: Error {}

extension SimulatedDelivery {
    /// For people: what was sent where, and what came of it.
    fileprivate var line: String {
        let answer = status.map { "\($0)" } ?? "no answer"
        return "\(action.rawValue) page \(page)/\(pageCount) of cohort \(sync.cohort), "
            + "\(memberCount) members, to destination \(sync.destination): \(answer)"
    }
}

/// Lets the runs of one sync come one after the other.
private actor SyncTurns {
    private var last: [SimulatedSyncID: Task<Void, Never>] = [:]

    func take(_ id: SimulatedSyncID, _ body: @escaping @Sendable () async -> Void) async {
        let previous = last[id]
        let task = Task {
            await previous?.value
            await body()
        }
        last[id] = task
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

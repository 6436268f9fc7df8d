import Foundation
import Synchronization
import Testing

extension EndToEndTests {
    /// The promise behind every 200: it is on the disk.
    @Suite struct KillTests {
        /// MUSTER_KILLS is another number.
        static let killCount =
            ProcessInfo.processInfo.environment["MUSTER_KILLS"].flatMap(Int.init) ?? 20
        static let senderCount = 4
        /// After at most so many answers in a round the process is killed, so each round has its
        /// own mixture of pages before, in and after a commit.
        static let answersMax = 30
        /// Of the processor's time, from the start of the process to the first "ready", of at least
        /// half of the restarts: a recovery that grows with the data shows in those, and a machine
        /// that is busy with other tests does not.
        static let restartMedianMax = Duration.seconds(2)

        @Test func whatWasAcknowledgedSurvivesAKillAndNothingElseAppears() async throws {
            // MUSTER_KILL_SEED replays a run as far as the machine's own timing allows.
            let seed =
                ProcessInfo.processInfo.environment["MUSTER_KILL_SEED"].flatMap(UInt64.init)
                ?? .random(in: 0...UInt64(UInt32.max))
            print("kill test: seed \(seed)")
            var random = SeededGenerator(state: seed)
            let directory = try TestDirectory()
            let (webhook, key) = try await withServer(in: directory) { server in
                (try await server.connect(), try await server.operatorKey())
            }
            var diffs = (0..<Self.senderCount).map { DiffSender(number: $0) }
            var replacement = ReplacementSender()
            var client = KillClient(seed: seed)
            var restarts: [Duration] = []

            for kill in 0...Self.killCount {
                try await withServer(in: directory) { server in
                    while try await server.call("GET", "/readyz").status != 200 {}
                    restarts.append(try server.process.processorTime())

                    try await check(diffs, on: server, key)
                    try await check(&replacement, on: server, key)
                    try client.check(
                        Set(try await members(ofCohort: KillClient.cohort, on: server, key)))
                    guard kill < Self.killCount else { return }
                    let sends = random.next() % 2 == 0
                    if random.next() % 4 == 0 { replacement.abandon() }
                    let moment = KillMoment(
                        answers: Int(random.next() % UInt64(Self.answersMax)) + 1,
                        delay: .microseconds(Int64(random.next() % 5000)))
                    (diffs, replacement, client) = await play(
                        diffs, replacement, sends, client, until: moment, on: server, webhook)
                }
            }
            restarts.sort()
            let (median, longest) = (restarts[restarts.count / 2], restarts[restarts.count - 1])
            #expect(median < Self.restartMedianMax)
            let pages = diffs.map(\.acknowledged.count).reduce(0, +)
            #expect(pages > Self.killCount)
            print(
                "kill test: \(Self.killCount) kills, \(pages) pages acknowledged, "
                    + "\(replacement.committed) replacements, \(client.story), "
                    + "ready after \(median) (median), \(longest) (max) of processor time")
        }

        private enum Sender {
            case diffs(DiffSender)
            case replacement(ReplacementSender)
            case client(KillClient)
        }

        /// Lets everybody send until the process is killed.
        private func play(
            _ diffs: [DiffSender], _ replacement: ReplacementSender, _ replaces: Bool,
            _ client: KillClient, until moment: KillMoment, on server: MusterServer,
            _ webhook: Webhook
        ) async -> ([DiffSender], ReplacementSender, KillClient) {
            await withTaskGroup(of: Sender.self) { group in
                for sender in diffs {
                    group.addTask {
                        var sender = sender
                        await sender.run(on: server, webhook, moment)
                        return .diffs(sender)
                    }
                }
                if replaces {
                    group.addTask {
                        var sender = replacement
                        await sender.run(on: server, webhook, moment)
                        return .replacement(sender)
                    }
                }
                group.addTask {
                    var client = client
                    await sending(to: server, webhook, moment) { try await client.run(sending: $0) }
                    return .client(client)
                }
                await moment.wait()
                server.process.signal(SIGKILL)
                var after = (diffs: [DiffSender](), replacement: replacement, client: client)
                for await sender in group {
                    switch sender {
                    case .diffs(let sender): after.diffs.append(sender)
                    case .replacement(let sender): after.replacement = sender
                    case .client(let client): after.client = client
                    }
                }
                return after
            }
        }

        /// Every acknowledged page is there, no page is there in part, and none that nobody sent.
        private func check(
            _ senders: [DiffSender], on server: MusterServer, _ key: OperatorKey
        ) async throws {
            let sent = Set(senders.flatMap(\.sent))
            let acknowledged = Set(senders.flatMap(\.acknowledged))
            var pages: [String: Int] = [:]
            for member in try await members(ofCohort: DiffSender.cohort, on: server, key) {
                let page = member.components(separatedBy: "-m")[0]
                pages[page, default: 0] += 1
            }
            try #require(acknowledged.subtracting(pages.keys).isEmpty, "acknowledged and lost")
            try #require(Set(pages.keys).subtracting(sent).isEmpty, "never sent")
            try #require(pages.values.allSatisfy { $0 == DiffSender.pageMembers }, "pages in part")
        }

        /// The audience is one whole replacement: the last acknowledged one or its successor.
        private func check(
            _ sender: inout ReplacementSender, on server: MusterServer, _ key: OperatorKey
        ) async throws {
            let found = try await members(ofCohort: ReplacementSender.cohort, on: server, key)
            var possible = [sender.committed]
            if sender.isWhollySent { possible.append(sender.generation) }
            let match = possible.first { Set(found) == Set(ReplacementSender.members(of: $0)) }
            sender.committed = try #require(
                match, "\(found.count) members are none of the replacements \(possible)")
        }

        private func members(
            ofCohort cohort: String, on server: MusterServer, _ key: OperatorKey
        ) async throws -> [String] {
            guard let audience = try await server.audience(ofCohort: cohort, key),
                let id = audience["id"] as? String
            else { return [] }
            let answer = try await server.call("GET", "/v1/audiences/\(id)/export", [key.header])
            #expect(answer.status == 200)
            let start = #"{"mixpanel_distinct_id":""#
            let members = answer.text.split(separator: "\n").map { line in
                #expect(line.hasPrefix(start))
                return String(line.dropFirst(start.count).prefix { $0 != "\"" })
            }
            #expect(audience["member_count"] as? Int == members.count)
            #expect(Set(members).count == members.count)
            return members
        }
    }
}

/// When a round ends: so many answers, and a little later.
private final class KillMoment: Sendable {
    private let left: Mutex<(answers: Int, waiting: CheckedContinuation<Void, Never>?)>
    private let delay: Duration

    init(answers: Int, delay: Duration) {
        left = Mutex((answers, nil))
        self.delay = delay
    }

    func answered() { count { $0 -= 1 } }

    /// Somebody can't send any more; nothing is worth waiting for.
    func giveUp() { count { $0 = 0 } }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = left.withLock { left in
                if left.answers > 0 { left.waiting = continuation }
                return left.answers <= 0
            }
            if isOver { continuation.resume() }
        }
        // Not to wait for something, but to be anywhere in what the server does next.
        try? await Task.sleep(for: delay)
    }

    private func count(_ change: (inout Int) -> Void) {
        let waiting = left.withLock { left in
            change(&left.answers)
            guard left.answers <= 0 else { return nil as CheckedContinuation<Void, Never>? }
            defer { left.waiting = nil }
            return left.waiting
        }
        waiting?.resume()
    }
}

/// Posts pages of people who enter, and sends a page again that was not answered.
private struct DiffSender {
    static let cohort = "77"
    static let pageMembers = 50

    let number: Int
    private(set) var sent: [String] = []
    private(set) var acknowledged: [String] = []

    init(number: Int) {
        self.number = number
    }

    mutating func run(on server: MusterServer, _ webhook: Webhook, _ moment: KillMoment) async {
        await sending(to: server, webhook, moment) { send in
            while true {
                if sent.count == acknowledged.count { sent.append("s\(number)-p\(sent.count)") }
                let name = sent[sent.count - 1]
                let members = (0..<Self.pageMembers).map { "\(name)-m\($0)" }
                try await send(page("add_members", cohort: Self.cohort, session: name, members))
                acknowledged.append(name)
            }
        }
    }
}

/// Replaces the same audience again and again, three pages each time.
private struct ReplacementSender {
    static let cohort = "88"
    private static let pageCount = 3

    /// The newest one that is known to be in force; 0 is none.
    var committed = 0
    /// The one being sent.
    private(set) var generation = 1
    private var sent: Set<Int> = []
    private var acknowledged: Set<Int> = []

    var isWhollySent: Bool { sent.count == Self.pageCount }

    static func members(of generation: Int) -> [String] {
        guard generation > 0 else { return [] }
        return (1...pageCount).flatMap { members(of: generation, page: $0) }
    }

    private static func members(of generation: Int, page: Int) -> [String] {
        (0..<40).map { "r\(generation)-p\(page)-m\($0)" }
    }

    /// Begins anew instead of sending the missing pages again, as Mixpanel does in the end.
    mutating func abandon() {
        generation += 1
        sent = []
        acknowledged = []
    }

    mutating func run(on server: MusterServer, _ webhook: Webhook, _ moment: KillMoment) async {
        await sending(to: server, webhook, moment) { send in
            while true {
                for number in (1...Self.pageCount).shuffled() where !acknowledged.contains(number) {
                    sent.insert(number)
                    try await send(
                        page(
                            "members", cohort: Self.cohort, session: "r\(generation)",
                            number: number, of: Self.pageCount,
                            Self.members(of: generation, page: number)))
                    acknowledged.insert(number)
                }
                committed = generation
                abandon()
            }
        }
    }
}

/// Runs `body` with a way to post a page, until the connection breaks.
private func sending(
    to server: MusterServer, _ webhook: Webhook, _ moment: KillMoment,
    _ body: ((Data) async throws -> Void) async throws -> Void
) async {
    defer { moment.giveUp() }
    guard let connection = try? await HTTPConnection(to: server.address) else { return }
    try? await body { page in
        try await connection.send(
            server.request("POST", webhook.path, [webhook.header], body: page))
        let answer = try await connection.answer()
        // Draining is not in play here, so anything else is a broken promise.
        #expect(answer.status == 200, "\(answer.text)")
        guard answer.status == 200 else { throw CancellationError() }
        moment.answered()
    }
    await connection.close()
}

/// SplitMix64, so that a seed means the same run everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

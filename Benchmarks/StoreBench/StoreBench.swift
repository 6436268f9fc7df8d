// The store without the network: `StoreBench DIRECTORY PEOPLE [fill | rates]`, in a directory that
// holds two empty files, muster.sqlite and server.lock, or, for `rates`, a copy of what `fill` of as
// many people has left. docs/schema.md and
// docs/decisions/0006-store-layout.md have its figures.

import Audiences
import Logging
import SQLiteStore
import Synchronization

@main
enum StoreBench {
    static func main() async throws {
        guard CommandLine.arguments.count >= 3, let people = Int(CommandLine.arguments[2]),
            people >= 1000
        else {
            print("usage: StoreBench <empty directory> <people, at least 1000> [fill | rates]")
            return
        }
        let store = try SQLiteStore.open(
            directory: CommandLine.arguments[1], as: .server, files: StoreFiles { _, _ in },
            logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
        let run = BenchRun(store: store, people: people)
        let isNew = try await store.connections(ListRange()).items.isEmpty
        if isNew {
            try await store.create(
                Connection(id: run.connection, name: "Bench", createdAt: run.start),
                for: .commandLine)
        }
        switch CommandLine.arguments.last {
        case "fill": try await run.fill()
        case "rates":
            if isNew { try await run.fill() }
            try await run.rates()
        default: try await run.everything()
        }
        try await store.close()
    }
}

/// One story of a cohort, and how long each of its chapters took.
struct BenchRun {
    /// Mixpanel posts as many pages at the same time.
    private static let pagesAtOnce = 8
    static let pageMembers = 1000

    let store: SQLiteStore
    let people: Int
    let connection = ConnectionID.make(from: [UInt8](repeating: 1, count: 16))
    private let clock = ContinuousClock()
    let start = Timestamp(milliseconds: 1_738_310_400_000)

    init(store: SQLiteStore, people: Int) {
        self.store = store
        self.people = people
    }

    func everything() async throws {
        guard let first = ExternalID("1"), let second = ExternalID("2"),
            let third = ExternalID("3")
        else { return }
        let pages = people / Self.pageMembers
        try await sync("first sync", session: "S1", pages, cohort: first)
        try await tidy("housekeeping")
        try await sync("the same again", session: "S2", pages, cohort: first)
        try await sync("the same page again", session: "S2", pages, cohort: first)
        try await tidy("housekeeping")
        try await sync("a further cohort", session: "S3", pages, cohort: second)
        try await waits("a page of one")
        try await sync("a third cohort", session: "S4", pages, cohort: third)
        try await waits("a page of one beside housekeeping", tidying: true)
        try await diffs("remove_members", .removeMembers, "D1", min(pages, 100), cohort: first)
        try await diffs("add_members", .addMembers, "D2", min(pages, 100), cohort: first)
        try await switches(of: first)
        try await tidy("housekeeping")
    }

    // MARK: Chapters

    private func sync(_ title: String, session: String, _ pages: Int, cohort: ExternalID)
        async throws
    {
        try await send(title, pages) { number in
            page(.members, session: session, number, of: pages, cohort: cohort, stride: 1)
        }
    }

    private func diffs(
        _ title: String, _ action: SyncAction, _ session: String, _ pages: Int,
        cohort: ExternalID
    ) async throws {
        try await send(title, pages) { number in
            page(
                action, session: session, number, of: pages, cohort: cohort,
                stride: max(1, people / Self.pageMembers))
        }
    }

    /// The last page of a replacement by one person, twice, so that the old snapshot is the whole
    /// crowd and then nobody.
    private func switches(of cohort: ExternalID) async throws {
        for session in ["T1", "T2"] {
            let began = clock.now
            _ = try await store.record(
                page(.members, session: session, 1, of: 1, cohort: cohort, stride: 1, members: 1),
                from: connection, at: start)
            report("a switch", "\(milliseconds(clock.now - began)) ms")
        }
    }

    /// How long small pages take, one after the other, alone or while housekeeping never pauses.
    private func waits(_ title: String, tidying: Bool = false) async throws {
        if !tidying { try await tidy("housekeeping") }
        let isTidy = Atomic(!tidying)
        async let housekeeping: Void = {
            while tidying, try await store.tidy(at: start) {}
            isTidy.store(true, ordering: .relaxed)
        }()
        var taken: [Duration] = []
        while !isTidy.load(ordering: .relaxed) || taken.count < 200 {
            guard let cohort = ExternalID("of one") else { return }
            let began = clock.now
            _ = try await store.record(
                page(
                    .addMembers, session: "W", taken.count + 1, of: 1_000_000, cohort: cohort,
                    stride: 1, members: 1), from: connection, at: start)
            taken.append(clock.now - began)
        }
        try await housekeeping
        taken.sort()
        let figures = [taken.count / 2, taken.count * 99 / 100, taken.count - 1]
            .map { "\(milliseconds(taken[$0]))" }.joined(separator: ", ")
        report(title, "median, 99th percentile and longest of \(taken.count): \(figures) ms")
    }

    func tidy(_ title: String) async throws {
        var longest = Duration.zero
        var total = Duration.zero
        var steps = 0
        var isMore = true
        while isMore {
            let began = clock.now
            isMore = try await store.tidy(at: start)
            let taken = clock.now - began
            longest = max(longest, taken)
            total += taken
            steps += 1
        }
        report(
            title,
            "\(steps) steps, \(milliseconds(total)) ms, longest \(milliseconds(longest)) ms")
    }

    private func send(
        _ title: String, _ pages: Int, _ page: @escaping @Sendable (Int) -> SyncPage
    ) async throws {
        let began = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...pages {
                if number > Self.pagesAtOnce { try await group.next() }
                group.addTask { [store, connection, start] in
                    _ = try await store.record(page(number), from: connection, at: start)
                }
            }
            try await group.waitForAll()
        }
        let taken = milliseconds(clock.now - began)
        report(title, "\(pages) pages, \(taken) ms, \(pages * 1000 / max(1, Int(taken))) pages/s")
    }

    func report(_ title: String, _ figures: String) {
        print("\(title): \(figures)")
    }

    private func milliseconds(_ duration: Duration) -> Double {
        Double(duration / .microseconds(1)).rounded() / 1000
    }

    // MARK: Pages

    private func page(
        _ action: SyncAction, session: String, _ number: Int, of total: Int, cohort: ExternalID,
        stride: Int, members: Int = BenchRun.pageMembers
    ) -> SyncPage {
        let first = (number - 1) * (stride == 1 ? Self.pageMembers : 1)
        let records = (0..<members).compactMap { index in
            record((first + index * stride) % people)
        }
        return SyncPage(
            action: action,
            cohort: Cohort(projectID: nil, cohortID: cohort),
            sessionID: ExternalID(session), position: .page(number: number, of: total),
            members: MemberList(records))
    }

    /// A distinct id of 32 characters that looks random, and a reference id of about 10.
    func record(_ index: Int) -> MemberRecord? {
        let high = mixed(UInt64(index)) | 1 << 63
        let low = mixed(UInt64(index) &+ 0x5bd1_e995) | 1 << 63
        guard let id = ExternalID(hexadecimal(high) + hexadecimal(low)),
            let reference = ExternalID("user-\(100_000 + index)")
        else { return nil }
        return MemberRecord(distinctID: id, reference: .set(reference))
    }

    private func hexadecimal(_ number: UInt64) -> String { String(number, radix: 16) }

    /// SplitMix64's finish.
    func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

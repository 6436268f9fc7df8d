import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// The random histories that the stores are put through, played on the running server.
    @Suite struct HistoryTests {
        /// MUSTER_HISTORIES is another number.
        static let historyCount =
            ProcessInfo.processInfo.environment["MUSTER_HISTORIES"].flatMap(UInt64.init) ?? 20
        /// Servers side by side: a history waits most of its time for the feed to catch up.
        static let serverCount: UInt64 = 4

        /// Every seed is a history of its own; one that fails is shrunk and names it.
        @Test func theServerFollowsTheModel() async throws {
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: String.self) { group in
                for first in 0..<min(Self.serverCount, Self.historyCount) {
                    group.addTask { try await Self.play(beginningWith: first) }
                }
                for try await story in group { print("history test: \(story)") }
            }
            print("history test: \(Self.historyCount) in \(start.duration(to: .now))")
        }

        private static func play(beginningWith first: UInt64) async throws -> String {
            let server = try await LiveServer()
            do {
                for seed in stride(from: first, to: historyCount, by: Int(serverCount)) {
                    try Task.checkCancellation()
                    try await StoreHistory(liveSeed: seed).play { try await server.play($0) }
                }
            } catch {
                await server.stop()
                throw error
            }
            await server.stop()
            return "\(await server.callCount) calls, \(await server.restartCount) kills"
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    @Suite struct WholeLifeTests {
        /// From a service account to a deletion, over HTTP, between two processes; after each step
        /// the members are those of the cohort.
        @Test func aConnectionLivesAWholeLife() async throws {
            let life = try await WholeLife()
            do {
                try await live(life)
            } catch {
                await life.end()
                throw error
            }
            await life.end()
        }

        private func live(_ life: WholeLife) async throws {
            try await life.makeReader()
            try await life.connect()
            try await life.setUp()
            try await life.follow()
            try await life.askAsReader()
            try await life.outliveAKill()
            try await life.outliveASwitchOff()
            try await life.rotateWithOverlap()
            try await life.rotateWithoutOverlap()
            try await life.mendADrift()
            try await life.readAudit()
            try await life.backUp()
            try await life.revokeReader()
            try await life.delete()
            try await life.search()
        }
    }
}

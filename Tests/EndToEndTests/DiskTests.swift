import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// A data directory that is full, taken, foreign, read-only or damaged.
    @Suite struct DiskTests {
        /// How long the quickest refusal of some may take: less than any wait that the server has,
        /// as that of the store for a lock, 5 s.
        static let refusalTimeMax = Duration.seconds(4)

        @Test(.enabled(if: SmallDisk.isPossible, SmallDisk.reason))
        func aFullDiskRefusesPagesUntilThereIsRoomAndLosesNothing() async throws {
            let disk = try SmallDisk()
            var pages = 0
            let webhook: Webhook
            let key: OperatorKey
            (webhook, key, pages) = try await withServer(in: disk.directory) { server in
                let webhook = try await server.connect()
                let key = try await server.operatorKey()
                for number in 0..<3 {
                    #expect(try await post(number, to: server, webhook).status == 200)
                }
                try disk.fill()
                // A frame or two may still fit behind the end of the log.
                var taken = 3
                while try await post(taken, to: server, webhook).status == 200 { taken += 1 }
                try await expectRefusals(taken, from: server, webhook, key)

                try disk.makeRoom()
                #expect(try await post(taken, to: server, webhook).status == 200)
                try await expectReadiness(200, "ready", from: server)
                return (webhook, key, taken + 1)
            }
            try await withServer(in: disk.directory) { server in
                let audience = try await server.audience(ofCohort: "77", key)
                #expect(audience?["member_count"] as? Int == pages * Self.pageMembers)
                #expect(try await post(pages, to: server, webhook).status == 200)
            }
        }

        private static let pageMembers = 50

        private func post(
            _ number: Int, to server: MusterServer, _ webhook: Webhook
        ) async throws -> Answer {
            try await server.call(
                "POST", webhook.path, [webhook.header],
                body: page(
                    "add_members", session: "s-\(number)",
                    (0..<Self.pageMembers).map { "p\(number)-m\($0)" }))
        }

        private func expectRefusals(
            _ number: Int, from server: MusterServer, _ webhook: Webhook, _ key: OperatorKey
        ) async throws {
            var quickest = Duration.never
            for _ in 0..<5 {
                let start = ContinuousClock.now
                let answer = try await post(number, to: server, webhook)
                quickest = min(quickest, start.duration(to: .now))
                #expect(answer.status == 503)
                let object = try answer.object()
                #expect(object["action"] as? String == "add_members")
                #expect(object["status"] as? String == "failure")
            }
            #expect(quickest < Self.refusalTimeMax)
            try await expectReadiness(503, "store", from: server)
            #expect(try await server.call("GET", "/livez").status == 200)
            for (id, count) in [("p0-m0", 1), ("p\(number)-m0", 0)] {
                let found = try await server.call(
                    "GET", "/v1/memberships?match_id=\(id)", [key.header])
                #expect(found.status == 200)
                #expect((try found.object()["audiences"] as? [Any])?.count == count)
            }
        }

        /// A probe may tell what it knew half a second ago.
        private func expectReadiness(
            _ status: Int, _ word: String, from server: MusterServer
        ) async throws {
            let start = ContinuousClock.now
            var answer = try await server.call("GET", "/readyz")
            while answer.status != status, start.duration(to: .now) < .patience {
                answer = try await server.call("GET", "/readyz")
            }
            #expect(answer.status == status)
            #expect(try answer.object()["status"] as? String == word)
        }

        @Test func aSecondServerIsRefusedInOneLineAndTheFirstGoesOn() async throws {
            try await withServer { server in
                let second = try await serve(in: server.directory)
                #expect(second.code == 73)
                expectOneLine(second, "muster: Another server uses this data directory")
                #expect(try await server.call("GET", "/readyz").status == 200)
            }
        }

        @Test func aStoreOfANewerVersionIsRefusedAndLeftByteForByte() async throws {
            let directory = try await closedStore()
            // As a later version would write it: a step this one does not know.
            try change("muster.sqlite", in: directory) { bytes in
                let name = Data("0001 people".utf8)
                while let range = bytes.range(of: name) {
                    bytes.replaceSubrange(range, with: Data("9001 people".utf8))
                }
            }
            let before = try files(in: directory)
            let refused = try await serve(in: directory)
            #expect(refused.code == 73)
            expectOneLine(refused, "muster: A newer version of Muster made this store")
            #expect(try files(in: directory) == before)
        }

        @Test(.enabled(if: SmallDisk.isPossible, SmallDisk.reason))
        func aReadOnlyDirectoryIsToldInOneLine() async throws {
            let disk = try SmallDisk()
            try await withServer(in: disk.directory) { server in
                server.process.signal(SIGTERM)
                _ = await server.process.exitCode()
            }
            try disk.makeReadOnly()
            let refused = try await serve(in: disk.directory)
            #expect(refused.code == 69)
            expectOneLine(refused, "muster: The store")
        }

        /// SQLite keeps no checksums, so a changed letter of an id can't be seen; a page that is
        /// no page any more can.
        @Test func aDamagedStoreIsNotServedAsGood() async throws {
            let directory = try await closedStore()
            try change("muster.sqlite", in: directory) { bytes in
                // The kind of every tree page but the first, which holds the schema.
                for offset in stride(from: 4096, to: bytes.count, by: 4096) {
                    bytes[offset] ^= 0x80
                }
            }
            let refused = try await serve(in: directory)
            #expect(refused.code == 70)
            expectOneLine(refused, "muster: The store is damaged")
        }

        // MARK: - Files

        /// A directory whose server has stopped in peace, after a page.
        private func closedStore() async throws -> TestDirectory {
            let directory = try TestDirectory()
            try await withServer(in: directory) { server in
                let webhook = try await server.connect()
                #expect(try await post(0, to: server, webhook).status == 200)
                server.process.signal(SIGTERM)
                #expect(await server.process.exitCode() == 0)
            }
            return directory
        }

        private func serve(in directory: TestDirectory) async throws -> Muster.Result {
            try await Muster.run("serve", "--port", "0", in: directory)
        }

        private func expectOneLine(_ result: Muster.Result, _ beginning: String) {
            let lines = result.errors.split(separator: "\n")
            #expect(lines.count == 1, "\(result.errors)")
            #expect(lines.first?.hasPrefix(beginning) == true, "\(result.errors)")
        }

        private func change(
            _ name: String, in directory: TestDirectory, _ body: (inout Data) -> Void
        ) throws {
            let url = URL(filePath: directory.data).appending(path: name)
            var bytes = try Data(contentsOf: url)
            body(&bytes)
            try bytes.write(to: url)
        }

        /// All but the lock, which every start takes, and the memory that processes share.
        private func files(in directory: TestDirectory) throws -> [String: Data] {
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.data)
            return try names.filter { $0 != "server.lock" && !$0.hasSuffix("-shm") }
                .reduce(into: [:]) { files, name in
                    files[name] = try Data(
                        contentsOf: URL(filePath: directory.data).appending(path: name))
                }
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    /// The parser's corpus again, through sockets, deadlines and the router.
    @Suite struct CorpusTests {
        /// One server for all: one for each would take minutes.
        @Test func whatTheParserRefusesTheProgramRefuses() async throws {
            let files = try corpus("refused")
            #expect(files.count >= 203)
            try await withServer { server in
                let key = try await server.operatorKey()
                for (name, bytes) in files {
                    let (answer, rest) = try await send(bytes, to: server, key)
                    #expect("\(answer.status)" == name.prefix(3), "\(name)")
                    #expect(try isOfTheWire(answer.object()), "\(name)")
                    #expect(answer.headers["connection"] == "close", "\(name)")
                    #expect(rest.isEmpty, "\(name)")
                }
                #expect(try await server.call("GET", "/livez").status == 200)
            }
        }

        @Test func whatTheParserTakesReachesTheAPI() async throws {
            let files = try corpus("accepted")
            #expect(files.count >= 58)
            try await withServer { server in
                let key = try await server.operatorKey()
                for (name, bytes) in files where name != "head" {
                    let (answer, _) = try await send(bytes, to: server, key)
                    #expect(answer.headers["x-request-id"] != nil, "\(name)")
                    if answer.status >= 400 {
                        #expect(try !isOfTheWire(answer.object()), "\(name)")
                    }
                }
            }
        }

        private func corpus(_ folder: String) throws -> [(name: String, bytes: Data)] {
            let tests = URL(filePath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent()
            let directory = tests.appending(path: "HTTPWireTests/Corpus/\(folder)")
            return try FileManager.default
                .contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
                .map {
                    ($0.deletingPathExtension().lastPathComponent, try Data(contentsOf: $0))
                }
                .sorted { $0.name < $1.name }
        }

        /// Sends `bytes`, those with a body to an endpoint that reads one.
        private func send(
            _ bytes: Data, to server: MusterServer, _ key: OperatorKey
        ) async throws -> (Answer, rest: Data) {
            var bytes = bytes
            if let line = bytes.range(of: Data("POST /page HTTP/1.1\r\n".utf8)) {
                let reader = "POST /v1/connections HTTP/1.1\r\n\(key.header)\r\n"
                bytes.replaceSubrange(line, with: Data(reader.utf8))
            }
            let connection = try await HTTPConnection(to: server.address)
            try await connection.send(bytes)
            var answer = try await connection.answer()
            while answer.status == 100 { answer = try await connection.answer() }
            // One that persists is not waited for.
            let closes = answer.headers["connection"] == "close"
            let rest = closes ? try await connection.rest() : Data()
            await connection.close()
            return (answer, rest)
        }

        /// Whether the message itself was refused, and not what it asks for.
        private func isOfTheWire(_ answer: [String: Any]) -> Bool {
            let error = answer["error"] as? [String: Any]
            return ["malformed", "too_large", "unsupported"].contains(error?["code"] as? String)
        }
    }
}

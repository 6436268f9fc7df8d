import Foundation
import Testing

extension EndToEndTests {
    /// Behind a proxy, or behind somebody who says that he is one.
    @Suite struct ProxyTests {
        private static let trusted = ["MUSTER_PROXY_TRUSTED_ADDRESSES": "10.0.0.0/8,127.0.0.1"]
        private static let introduced = trusted.merging(["MUSTER_PROXY_PROTOCOL": "v2"]) { $1 }
        /// 192.0.2.7 calls.
        private static let header =
            Data([0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A])
            + Data([0x21, 0x11, 0, 12, 192, 0, 2, 7, 127, 0, 0, 1, 0x12, 0x67, 0x1F, 0x90])

        private static let forged = ["X-Forwarded-For: 203.0.113.66, 192.0.2.7"]

        /// Waits for the line of a request that is said to come from `address`.
        private func expectLine(of address: String, from server: MusterServer) async {
            let words = #""http.status":"404","peer.address":"\#(address)""#
            #expect(await server.process.errors.contains(words))
        }

        @Test func theLogNamesTheClientThatATrustedProxyNames() async throws {
            try await withServer(environment: Self.trusted) { server in
                let answer = try await server.call("GET", "/nowhere", Self.forged)
                #expect(answer.status == 404)
                await expectLine(of: "192.0.2.7", from: server)
            }
        }

        @Test func aStrangersWordHasNoEffect() async throws {
            try await withServer { server in
                let answer = try await server.call("GET", "/nowhere", Self.forged)
                #expect(answer.status == 404)
                await expectLine(of: "127.0.0.1", from: server)
            }
        }

        @Test(arguments: [(trusted, "https"), ([:], "http")])
        func theWebhookURLHasTheSchemeThatTheProxyWasCalledIn(
            environment: [String: String], scheme: String
        ) async throws {
            try await withServer(environment: environment) { server in
                _ = try await server.connect()
                let key = try await server.operatorKey()
                let answer = try await server.call(
                    "GET", "/v1/connections", [key.header, "X-Forwarded-Proto: https"])
                #expect(answer.text.contains("\(scheme)://\(server.address)/webhooks/"))
            }
        }

        @Test func aConnectionWithAHeaderIsThatOfItsClient() async throws {
            try await withServer(environment: Self.introduced) { server in
                let connection = try await HTTPConnection(to: server.address)
                try await connection.send(Self.header + server.request("GET", "/nowhere"))
                #expect(try await connection.answer().status == 404)
                await expectLine(of: "192.0.2.7", from: server)
                await connection.close()
            }
        }

        @Test func curlSpeaksVersionOneAndIsClosed() async throws {
            try await withServer(environment: Self.introduced) { server in
                let url = "http://\(server.address)/livez"
                for arguments in [[url], ["--haproxy-protocol", url]] {
                    let answer = try await Muster.curl(arguments)
                    #expect(answer.code != 0)
                }
                let words = #""peer.address":"127.0.0.1","reason":"noSignature""#
                #expect(await server.process.errors.contains(words))
            }
        }

        @Test func theHealthCheckIntroducesItself() async throws {
            try await withServer(environment: Self.introduced) { server in
                let port = String(server.address.split(separator: ":").last ?? "")
                let environment = Self.introduced.merging(["MUSTER_PORT": port]) { $1 }
                let check = try await Muster.run("healthcheck", environment: environment)
                #expect(check.code == 0, "\(check.errors)")
            }
        }

        @Test func aProtocolThatNobodyMaySpeakStopsTheStart() async throws {
            let alone = try await Muster.run(
                "serve", environment: ["MUSTER_PROXY_PROTOCOL": "v2"])
            #expect(alone.code != 0)
            #expect(alone.errors.contains("proxy.trusted_addresses is empty"))
        }
    }
}

import Foundation
import TestSupport
import Testing

extension EndToEndTests {
    /// TLS with clients that others wrote: curl, which verifies, and `openssl s_client`.
    @Suite struct TLSTests {
        private func withTLSServer(
            in directory: TestDirectory? = nil,
            _ body: (MusterServer, MadeUpCertificate) async throws -> Void
        ) async throws {
            let certificate = try MadeUpCertificate()
            try await withServer(in: directory, environment: environment(for: certificate)) {
                try await body($0, certificate)
            }
        }

        private func curl(
            _ server: MusterServer, _ path: String, trusting file: String, _ more: [String] = []
        ) async throws -> Muster.Result {
            try await Muster.curl(
                ["--cacert", file] + more + ["https://\(server.address)\(path)"])
        }

        @Test func aPageIsTakenAndTheHealthcheckKnowsTheWay() async throws {
            try await withTLSServer { server, certificate in
                let webhook = try await server.connect()
                let file = try server.directory.write(
                    String(decoding: page("members", ["ana", "boris"]), as: UTF8.self), to: "page")
                let sent = try await curl(
                    server, webhook.path, trusting: certificate.certificateFile,
                    ["-H", webhook.header, "--data-binary", "@\(file)"])
                #expect(sent.text == #"{"action":"members","status":"success"}"#, "\(sent.errors)")

                let port = try #require(server.address.split(separator: ":").last)
                let asked = environment(for: certificate).merging(["MUSTER_PORT": "\(port)"]) { $1 }
                let health = try await Muster.run("healthcheck", environment: asked)
                #expect(health.code == 0, "\(health.errors)")
            }
        }

        @Test func theHealthcheckSaysWhenNobodySpeaksTLS() async throws {
            try await withServer { server in
                let port = try #require(server.address.split(separator: ":").last)
                let asked = environment(for: try MadeUpCertificate())
                    .merging(["MUSTER_PORT": "\(port)"]) { $1 }
                let health = try await Muster.run("healthcheck", environment: asked)
                #expect(health.code == 69)
                #expect(health.errors.hasPrefix("no answer from 127.0.0.1:\(port)"))
            }
        }

        @Test func onlyTLS12AndAboveAreSpoken() async throws {
            try await withTLSServer { server, _ in
                for (version, isSpoken) in [
                    ("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true),
                ] {
                    // The client's own minimum is out of the way.
                    let client = try SecureClient(
                        to: server.address, [version, "-cipher", "DEFAULT:@SECLEVEL=0"])
                    let text = try await client.end()
                    #expect(text.contains("alert protocol version") == !isSpoken, "\(version)")
                    #expect(text.contains("Server certificate") == isSpoken, "\(version)")
                }
            }
        }

        @Test(arguments: [
            (["-alpn", "http/1.1"], "ALPN protocol: http/1.1"),
            (["-alpn", "h2,http/1.1"], "ALPN protocol: http/1.1"),
            (["-alpn", "h2"], "alert no application protocol"), ([], "No ALPN negotiated"),
            (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"], "handshake failure"),
            (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], "handshake failure"),
            (["-tls1_2"], "Compression: NONE"), (["-tls1_2"], "TLS session ticket:\n"),
        ])
        func whatIsAgreedOn(arguments: [String], answer: String) async throws {
            try await withTLSServer { server, _ in
                let text = try await SecureClient(to: server.address, arguments).end()
                let isExpected = !answer.hasPrefix("TLS session ticket")
                #expect(text.contains(answer) == isExpected, "\(text)")
            }
        }

        /// The server's answer to a key update is written while it reads.
        @Test func keysMayBeUpdatedAndHandshakesNotRepeated() async throws {
            try await withTLSServer { server, _ in
                let client = try SecureClient(to: server.address, ["-tls1_3"])
                for _ in 0..<3 {
                    try client.type("K\n")
                    await client.process.errors.contains("KEYUPDATE")
                    try client.type("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                }
                #expect(await client.process.output.contains("HTTP/1.1 200 OK"))
                #expect(!(try await client.end()).contains("Ticket"))

                let again = try SecureClient(to: server.address, ["-tls1_2"])
                await again.process.output.contains("Extended master secret")
                try again.type("R\n")
                #expect(await again.process.errors.contains("no renegotiation"))
                _ = try await again.end()
            }
        }

        @Test func aReloadServesNewConnectionsAndLeavesTheOthers() async throws {
            try await withTLSServer { server, certificate in
                let kept = try SecureClient(to: server.address)
                let request = "GET /livez HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\n\r\n"
                try kept.type(request)
                #expect(await kept.process.output.contains("HTTP/1.1 200 OK"))

                let directory = try TestDirectory()
                let before = try directory.write(
                    try String(contentsOfFile: certificate.certificateFile, encoding: .utf8),
                    to: "before.pem")
                try certificate.replace(with: try MadeUpCertificate("Renewed"))
                server.process.signal(SIGHUP)
                #expect(await server.process.errors.contains("certificate reloaded"))
                let new = try await curl(
                    server, "/livez", trusting: certificate.certificateFile)
                #expect(new.code == 0, "\(new.errors)")
                #expect(try await curl(server, "/livez", trusting: before).code == 60)

                try kept.type(request.replacing("GET /livez", with: "GET /nothing"))
                #expect(await kept.process.output.contains("HTTP/1.1 404 Not Found"))
                _ = try await kept.end()
            }
        }

        @Test func aReloadOfBadFilesKeepsTheOldCertificate() async throws {
            try await withTLSServer { server, certificate in
                let directory = try TestDirectory()
                let before = try directory.write(
                    try String(contentsOfFile: certificate.certificateFile, encoding: .utf8),
                    to: "before.pem")
                try Data("Rosa's shopping list".utf8)
                    .write(to: URL(filePath: certificate.privateKeyFile))
                server.process.signal(SIGHUP)
                let line = "certificate not reloaded, the one in use stays"
                #expect(await server.process.errors.contains(line))
                #expect(try await curl(server, "/livez", trusting: before).code == 0)
                await server.kill()
                let log = await server.process.errors.text()
                #expect(log.components(separatedBy: line).count == 2)
                #expect(log.contains("private key file"))
                #expect(!log.contains("Rosa"))
            }
        }

        @Test func aHundredClientsAtOnceAreServed() async throws {
            try await withTLSServer { server, certificate in
                let run = try await curl(
                    server, "/livez?[1-100]", trusting: certificate.certificateFile,
                    [
                        "--parallel", "--parallel-max", "100", "--parallel-immediate",
                        "-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n",
                    ])
                #expect(run.code == 0, "\(run.errors)")
                let lines = run.text.split(separator: "\n")
                #expect(lines.count == 100)
                #expect(lines.allSatisfy { $0.hasPrefix("200 ") }, "\(lines)")
            }
        }
    }

    @Suite struct StartCheckTests {
        private func run(
            _ environment: [String: String]
        ) async throws -> (code: Int32, errors: String) {
            let directory = try TestDirectory()
            let process = try ChildProcess(
                Muster.path, ["serve", "--port", "0", "--data-dir", directory.data],
                environment: environment)
            let hasStarted = await process.errors.line(beginningWith: "listening on ") != nil
            process.signal(SIGTERM)
            let code = await process.exitCode()
            #expect(hasStarted == FileManager.default.fileExists(atPath: directory.data))
            return (code, await process.errors.text())
        }

        @Test(arguments: ["0.0.0.0", "::"])
        func credentialsThatAnybodyCanReadStopTheStart(host: String) async throws {
            let (code, errors) = try await run(["MUSTER_HOST": host])
            #expect(code == 78)
            #expect(errors.split(separator: "\n").count == 1, "\(errors)")
            #expect(errors.contains("tls.certificate_file"))
            #expect(errors.contains("tls.terminated_in_front"))
        }

        @Test(arguments: ["127.0.0.1", "127.0.0.9", "localhost"] + (hasIPv6 ? ["::1"] : []))
        func onThisMachineAnyoneMayListen(host: String) async throws {
            let (code, errors) = try await run([
                "MUSTER_HOST": host, "MUSTER_HTTP_DRAIN_ACCEPT_DELAY_SECONDS": "0",
            ])
            #expect(code == 0, "\(errors)")
        }

        @Test(arguments: [true, false])
        func withTLSHereOrInFrontTheWorldMayCome(isHere: Bool) async throws {
            let certificate = try MadeUpCertificate()
            let here = isHere ? environment(for: certificate) : [:]
            let (code, errors) = try await run(
                here.merging([
                    "MUSTER_HOST": "0.0.0.0", "MUSTER_HTTP_DRAIN_ACCEPT_DELAY_SECONDS": "0",
                    "MUSTER_TLS_TERMINATED_IN_FRONT": isHere ? "false" : "true",
                ]) { $1 })
            #expect(code == 0, "\(errors)")
        }

        @Test func aCertificateThatEndsSoonIsToldInTheLog() async throws {
            let made = try MadeUpCertificate(days: 2)
            let (code, errors) = try await run(
                environment(for: made).merging([
                    "MUSTER_HTTP_DRAIN_ACCEPT_DELAY_SECONDS": "0"
                ]) { $1 })
            #expect(code == 0)
            #expect(errors.contains("the certificate expires within 2 days"), "\(errors)")
        }

        @Test func aKeyThatDoesNotFitStopsTheStartInOneLine() async throws {
            let (made, other) = (try MadeUpCertificate(), try MadeUpCertificate())
            let (code, errors) = try await run([
                "MUSTER_TLS_CERTIFICATE_FILE": made.certificateFile,
                "MUSTER_TLS_PRIVATE_KEY_FILE": other.privateKeyFile,
            ])
            #expect(code == 78)
            #expect(
                errors == "muster: The private key in \(other.privateKeyFile) is not the one of "
                    + "the certificate in \(made.certificateFile).\n")
        }
    }
}

import Foundation
import Testing

extension EndToEndTests {
    @Suite struct MetricsTests {
        private func lines(_ text: String, _ prefix: String) -> [String] {
            text.split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
        }

        @Test func aScrapeTellsWhatWasDoneAndNamesNobody() async throws {
            try await withServer { server in
                let webhook = try await server.connect("Shoes")
                let posted = try await server.call(
                    "POST", webhook.path, [webhook.header],
                    body: page("members", ["ida@example.com", "ben@example.com"]))
                #expect(posted.status == 200)
                _ = try await server.call("GET", "/nowhere/ida@example.com")

                let answer = try await server.call("GET", "/metrics")
                #expect(answer.status == 200)
                for line in [
                    "muster_ready 1", #"muster_audiences{status="live"} 1"#,
                    #"muster_audiences{status="stale"} 0"#, "muster_audience_members 2",
                    #"muster_sync_members_total{action="members"} 2"#,
                    #"muster_sync_pages_total{action="members",outcome="switched"} 1"#,
                    #"muster_http_requests_total{method="POST","#
                        + #"route="/webhooks/mixpanel/:connection",status="200"} 1"#,
                    #"muster_http_requests_total{method="other",route="none",status="404"} 1"#,
                    "muster_store_commits_failed_total 0", "muster_hook_deliveries_waiting 0",
                    "muster_hook_oldest_waiting_seconds 0",
                    #"muster_hook_attempts_total{outcome="given_up"} 0"#,
                ] {
                    #expect(lines(answer.text, line).contains(line), "\(line)")
                }
                for name in [
                    "process_resident_memory_bytes", "process_cpu_seconds_total",
                    #"muster_store_bytes{file="database"}"#, "process_start_time_seconds",
                ] {
                    let value = lines(answer.text, name + " ").first?.split(separator: " ").last
                    #expect((value.flatMap { Double($0) } ?? 0) > 0, "\(name)")
                }
                for hidden in ["ida", "Shoes", webhook.user, webhook.secret, "127.0.0.1"] {
                    #expect(!answer.text.contains(hidden), "\(hidden)")
                }
            }
        }

        @Test func aListenerOfTheirOwnKeepsMetricsFromTheWorld() async throws {
            try await withServer(
                environment: ["MUSTER_OPERATIONS_ADDRESS": "127.0.0.1:0"]
            ) { server in
                let words = "probes and metrics on "
                let line = try #require(
                    await server.process.errors.line(beginningWith: words))
                let own = "http://" + line.dropFirst(words.count)
                let scraped = try await Muster.curl([own + "/metrics"])
                #expect(scraped.text.contains("muster_ready 1\n"))
                for path in ["/livez", "/readyz", "/healthz"] {
                    let probe = try await Muster.curl(["-w", "%{http_code}", own + path])
                    #expect(probe.text.hasSuffix("}200"), "\(path)")
                    #expect(try await server.call("GET", path).status == 200)
                }
                #expect(try await server.call("GET", "/metrics").status == 404)
                let api = try await Muster.curl(
                    ["-o", "/dev/null", "-w", "%{http_code}", own + "/v1/audiences"])
                #expect(api.text == "404")
                server.process.signal(SIGTERM)
                #expect(await server.process.exitCode() == 0)
            }
        }
    }
}

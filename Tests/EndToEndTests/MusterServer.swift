import Foundation
import Testing

/// `muster serve` on a port of the system's choice.
struct MusterServer: HTTPPeer {
    let process: ChildProcess
    let address: String
    let directory: TestDirectory

    /// Starts one, and returns when it listens.
    ///
    /// `port`: that of a server before it, whose webhook URLs are known; any without. `launcher`: a
    /// command that starts the server, instead of this process.
    static func start(
        in directory: TestDirectory, port: String = "0", environment: [String: String] = [:],
        under launcher: [String] = []
    ) async throws -> MusterServer {
        // Draining at once, where the delay is not the subject.
        let quick = ["MUSTER_HTTP_DRAIN_ACCEPT_DELAY_SECONDS": "0"]
        let command =
            launcher + [Muster.path, "serve", "--port", port, "--data-dir", directory.data]
        let process = try ChildProcess(
            command[0], Array(command.dropFirst()), environment: quick.merging(environment) { $1 })
        let words = "listening on "
        guard let line = await process.errors.line(beginningWith: words) else {
            Issue.record("the server did not start: \(await process.errors.text())")
            throw CancellationError()
        }
        return MusterServer(
            process: process, address: String(line.dropFirst(words.count)), directory: directory)
    }

    /// Ends it the hard way and waits for that.
    func kill() async {
        process.signal(SIGKILL)
        _ = await process.exitCode()
    }

    // MARK: - What most tests begin with

    func connect(_ name: String = "Shop") async throws -> Webhook {
        let made = try await Muster.run(
            "connection", "create", "--name", name, "--cohort-sync", "--json", in: directory)
        #expect(made.code == 0, "\(made.errors)")
        let object = try made.object()
        return Webhook(
            path: try #require(object["webhook_path"] as? String),
            user: try #require(object["username"] as? String),
            secret: try #require(object["secret"] as? String))
    }

    func operatorKey() async throws -> OperatorKey {
        let made = try await Muster.run("key", "create", "--name", "tests", "--json", in: directory)
        #expect(made.code == 0, "\(made.errors)")
        let object = try made.object()
        return OperatorKey(
            id: try #require(object["key_id"] as? String),
            key: try #require(object["key"] as? String))
    }

    /// The audiences of a Mixpanel cohort, by the API.
    func audience(ofCohort cohort: String, _ key: OperatorKey) async throws -> [String: Any]? {
        let answer = try await call("GET", "/v1/audiences?cohort=\(cohort)", [key.header])
        #expect(answer.status == 200)
        return (try answer.object()["data"] as? [[String: Any]])?.first
    }
}

/// Runs a server for as long as `body` takes, and ends it whatever happens.
func withServer<Value>(
    in directory: TestDirectory? = nil, environment: [String: String] = [:],
    under launcher: [String] = [], _ body: (MusterServer) async throws -> Value
) async throws -> Value {
    let server = try await MusterServer.start(
        in: directory ?? TestDirectory(), environment: environment, under: launcher)
    do {
        let value = try await body(server)
        await server.kill()
        return value
    } catch {
        await server.kill()
        throw error
    }
}

/// A cohort sync as its set-up showed it.
struct Webhook: Sendable {
    let path: String
    let user: String
    let secret: String

    var credentials: String { Data("\(user):\(secret)".utf8).base64EncodedString() }
    var header: String { "Authorization: Basic \(credentials)" }
}

struct OperatorKey: Sendable {
    let id: String
    let key: String

    var header: String { "Authorization: Bearer \(key)" }
}

/// A body as Mixpanel sends it; the members have a distinct id and nothing else.
func page(
    _ action: String, cohort: String = "77", name: String? = nil, session: String = "s-1",
    number: Int = 1, of total: Int = 1, _ members: [String]
) -> Data {
    let name = name.map { #""mixpanel_cohort_name":"\#($0)","# } ?? ""
    let list = members.map { #"{"mixpanel_distinct_id":"\#($0)"}"# }.joined(separator: ",")
    return Data(
        """
        {"action":"\(action)","parameters":{"mixpanel_project_id":"9","mixpanel_cohort_id":\
        "\(cohort)",\(name)"mixpanel_session_id":"\(session)","page_info":{"total_pages":\(total),\
        "page_count":\(number)},"members":[\(list)]}}
        """.utf8)
}

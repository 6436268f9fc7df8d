import Foundation
import Synchronization
import Testing

/// One integration with an element instance, step by step, as somebody would click through it.
final class ElementsWalk: Sendable {
    struct User: Decodable, Sendable {
        let userId: String
        let secret: String
        let organization: String

        enum CodingKeys: String, CodingKey {
            case userId = "user_id"
            case secret = "user_secret"
            case organization = "organization_secret"
        }
    }

    let server: MusterServer
    let process: MixpanelProcess
    let mixpanel: MixpanelProcess.Introduction
    let user: User
    private let made: Mutex<(id: Int, token: String)>

    static let eventCount = 200_000
    /// What a download may add to the server's memory, whatever its length: what a connection to
    /// Mixpanel, a piece of the file and one of the answer take, and what malloc keeps of them.
    static let growthKiBMax = 24 * 1024

    init(
        server: MusterServer, process: MixpanelProcess, mixpanel: MixpanelProcess.Introduction,
        user: User, made: (id: Int, token: String) = (0, "")
    ) {
        self.made = Mutex(made)
        self.server = server
        self.process = process
        self.mixpanel = mixpanel
        self.user = user
    }

    private var platform: String {
        "Authorization: User \(user.secret), Organization \(user.organization)"
    }
    private var hub: String {
        "Authorization: User \(user.secret), Element \(made.withLock { $0.token })"
    }

    @discardableResult
    private func call(
        _ method: String, _ path: String, _ body: String? = nil, isHub: Bool = true,
        _ headers: [String] = [], answers status: Int = 200,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let headers = [isHub ? hub : platform] + headers
        func send() async throws -> Answer {
            try await server.call(
                method, "/elements/api-v2" + path, headers, body: body.map { Data($0.utf8) })
        }
        var answer = try await send()
        // Mixpanel takes three calls a second.
        while answer.status == 429, let wait = answer.headers["retry-after"].flatMap(Int.init) {
            try await Task.sleep(for: .seconds(wait))
            answer = try await send()
        }
        #expect(
            answer.status == status, "\(answer.text.prefix(500))", sourceLocation: location)
        return answer
    }

    private func array(_ answer: Answer) throws -> [[String: Any]] {
        try #require(try JSONSerialization.jsonObject(with: answer.body) as? [[String: Any]])
    }

    /// With a service account, which the simulated Mixpanel knows, and the project's token.
    func create() async throws {
        let answer = try await call(
            "POST", "/instances",
            """
            {"element":{"key":"mixpanel"},"name":"Walk","tags":["walk","eu"],
            "configuration":{"username":"\(mixpanel.username)","password":"\(mixpanel.secret)",
            "project_token":"\(mixpanel.projectToken)"}}
            """, isHub: false)
        let instance = try answer.object()
        #expect(instance["valid"] as? Bool == true)
        let configuration = try #require(instance["configuration"] as? [String: Any])
        #expect(configuration["region"] as? String == "eu")
        let (id, token) = (instance["id"] as? Int ?? 0, instance["token"] as? String ?? "")
        made.withLock { $0 = (id, token) }
        let pong = try await call("GET", "/hubs/general/ping")
        #expect(try pong.object()["valid"] as? Bool == true)
    }

    func findByTag() async throws {
        let found = try array(try await call("GET", "/instances?tags%5B%5D=walk", isHub: false))
        #expect(found.count == 1)
        #expect(found.first?["id"] as? Int == made.withLock { $0.id })
        let none = try array(try await call("GET", "/instances?tags%5B%5D=no", isHub: false))
        #expect(none.isEmpty)
    }

    /// Two pages of Mixpanel's.
    func readPeople() async throws {
        let first = try await call("GET", "/hubs/general/users")
        let next = try #require(first.headers["elements-next-page-token"])
        let second = try await call("GET", "/hubs/general/users?nextPage=\(next)")
        let people = try (array(first) + array(second)).compactMap {
            $0["$distinct_id"] as? String
        }
        #expect(people.count == 1500)
        #expect(Set(people).count == 1500)
        #expect(second.headers["elements-next-page-token"] == nil)
    }

    func writeSomebody() async throws {
        try await call(
            "POST", "/hubs/general/users",
            ##"{"$distinct_id":"walker-1","$set":{"$city":"Dallas","plan":"pro"}}"##)
        let condition = "%22$city%22%20=%20'Dallas'%20AND%20plan%20=%20'pro'"
        let found = try array(try await call("GET", "/users?where=\(condition)"))
        #expect(found.map { $0["$distinct_id"] as? String } == ["walker-1"])
        try await call("DELETE", "/hubs/general/users/walker-1")
        #expect(try array(try await call("GET", "/users?where=\(condition)")).isEmpty)
    }

    func importEvents() async throws {
        let answer = try await call(
            "POST", "/activities",
            #"[{"event":"Sign up","properties":{"distinct_id":"walker-1"}}]"#)
        #expect(try answer.object()["accepted"] as? Int == 1)
    }

    /// The three days before today, in which the events are.
    private var days: (from: String, to: String) {
        let day = 24 * 3600.0
        let today = (Date().timeIntervalSince1970 / day).rounded(.down) * day
        let format = ISO8601DateFormatter()
        return (
            format.string(from: Date(timeIntervalSince1970: today - 3 * day)),
            format.string(from: Date(timeIntervalSince1970: today))
        )
    }

    func addEvents(_ count: Int) async throws {
        try await process.control([
            "do": "add_events", "project": mixpanel.project, "count": count, "from": days.from,
            "every_ms": 3 * 24 * 3600 * 1000 / count,
        ])
    }

    /// - Returns: the job's id.
    func beginDownload() async throws -> String {
        let begun = try await call(
            "POST",
            "/bulk/query?q=select%20*%20from%20activities&from=\(days.from)&to=\(days.to)")
        return try #require(try begun.object()["id"] as? String)
    }

    /// In memory that does not grow with the events.
    func download() async throws {
        try await addEvents(Self.eventCount)
        let before = try server.process.residentKiB()
        try server.process.forgetPeak()
        let id = try await beginDownload()
        let status = try await finished(id)
        #expect(status["status"] as? String == "COMPLETED", "\(status)")
        #expect(status["recordsCount"] as? Int == Self.eventCount)
        let file = server.directory.data + "/bulk/\(id).jsonl"
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        let size = try #require((attributes[.size] as? NSNumber)?.intValue)
        let lines = try await count(id, "application/jsonl", UInt8(ascii: "\n"))
        #expect(lines.count == Self.eventCount && lines.bytes == size)
        let peak = try server.process.residentKiB("VmHWM")
        #expect(size > 1024 * Self.growthKiBMax * 5 / 4, "too small a file proves nothing")
        #expect(peak - before < Self.growthKiBMax, "\(before) KiB, \(peak) KiB, \(size) bytes")
    }

    /// A job of two thousand, for a spreadsheet.
    func downloadTable() async throws {
        let begun = try await call(
            "POST", "/bulk/download",
            """
            {"objectName":"activities","format":"csv","from":"\(days.from)","to":"\(days.to)",
            "limit":2000}
            """)
        let id = try #require(try begun.object()["id"] as? String)
        #expect(try await finished(id)["recordsCount"] as? Int == 2000)
        let rows = try await count(id, "*/*", UInt8(ascii: "\n"))
        #expect(rows.count == 2001)
    }

    func cancelDownload() async throws {
        try await process.control([
            "do": "fault", "kind": "trickle", "call": "export", "delay_ms": 50,
        ])
        let id = try await beginDownload()
        try await isUnderWay(id)
        let path = server.directory.data + "/bulk/\(id).jsonl"
        #expect(FileManager.default.fileExists(atPath: path))
        let cancelled = try await call("PUT", "/bulk/\(id)/cancel").object()
        #expect(cancelled["status"] as? String == "CANCELLED")
        try await call("GET", "/bulk/\(id)/activities", answers: 409)
        try await process.control(["do": "clear_faults"])
        while FileManager.default.fileExists(atPath: path) {
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Something was read of a job, and more is to come.
    func isUnderWay(_ id: String) async throws {
        while true {
            let status = try await call("GET", "/bulk/\(id)/status").object()
            let records = status["recordsCount"] as? Int ?? 0
            if status["status"] as? String == "RUNNING", records > 0 { return }
            try #require(status["completionTime"] is NSNull, "\(status)")
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// The same integration at another server over the same store.
    func moved(to server: MusterServer) -> ElementsWalk {
        ElementsWalk(
            server: server, process: process, mixpanel: mixpanel, user: user,
            made: made.withLock { $0 })
    }

    /// What the job's file holds, by `$insert_id`, in its order.
    func downloaded(_ id: String) async throws -> [String] {
        let file = try await call("GET", "/bulk/\(id)/activities")
        return try file.text.split(separator: "\n").map { line in
            let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let properties = event?["properties"] as? [String: Any]
            return try #require(properties?["$insert_id"] as? String)
        }
    }

    func finished(_ id: String) async throws -> [String: Any] {
        while true {
            let status = try await call("GET", "/bulk/\(id)/status").object()
            let isOver = ["COMPLETED", "ABORTED", "CANCELLED"].contains {
                $0 == status["status"] as? String
            }
            if isOver { return status }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// By curl, into a file: this process shall not hold it either.
    private func count(
        _ id: String, _ type: String, _ byte: UInt8
    ) async throws -> (count: Int, bytes: Int) {
        let path = server.directory.path("download")
        let result = try await Muster.curl([
            "--max-time", "600", "-o", path, "-H", hub, "-H", "Accept: \(type)",
            "-w", "%{http_code}",
            "\(server.url)/elements/api-v2/bulk/\(id)/activities",
        ])
        #expect(result.text == "200", "\(result.errors)")
        let data = try Data(contentsOf: URL(filePath: path))
        return (data.count { $0 == byte }, data.count)
    }

    func end() async throws {
        let id = made.withLock { $0.id }
        try await call("DELETE", "/instances/\(id)/enabled", isHub: false)
        try await call("GET", "/hubs/general/users", answers: 403)
        try await call("GET", "/hubs/general/objects")
        try await call("PUT", "/instances/\(id)/enabled", isHub: false)
        try await call("GET", "/hubs/general/users?pageSize=1")
        try await call("DELETE", "/instances/\(id)", isHub: false)
        try await call("GET", "/hubs/general/users", answers: 401)
        try await call("GET", "/instances/\(id)", isHub: false, answers: 404)
    }

    /// Nothing that was sent or shown lies about in clear.
    func searchForSecrets() async throws {
        // Its log is whole when it has ended.
        await server.kill()
        let log = await server.process.errors.text()
        let files =
            FileManager.default.enumerator(atPath: server.directory.data)?
            .compactMap { $0 as? String } ?? []
        var contents = [Data(log.utf8)]
        for file in files where !file.hasPrefix("bulk") {
            let url = URL(filePath: server.directory.data + "/" + file)
            if let data = try? Data(contentsOf: url) { contents.append(data) }
        }
        #expect(contents.count > 2)
        let secrets = [
            user.secret, user.organization, mixpanel.secret, mixpanel.projectToken,
            made.withLock { $0.token },
        ]
        for secret in secrets {
            #expect(!contents.contains { $0.range(of: Data(secret.utf8)) != nil }, "\(secret)")
        }
    }
}

extension ChildProcess {
    /// Lets its peak of memory begin anew (proc_pid_clear_refs(5)).
    func forgetPeak() throws {
        try Data("5".utf8).write(to: URL(filePath: "/proc/\(identifier)/clear_refs"))
    }

    /// How much memory it has, in KiB; or had at most, as `VmHWM`.
    func residentKiB(_ name: String = "VmRSS") throws -> Int {
        let path = "/proc/\(identifier)/status"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + ":") })
        return try #require(Int(line.filter(\.isNumber)))
    }
}

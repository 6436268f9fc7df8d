import Foundation
import Testing

extension EndToEndTests {
    /// The element API of the built binary, beside a simulated Mixpanel.
    @Suite struct ElementsTests {
        /// The document's cURL as it stands there, but for the host and the secrets.
        private static let command = """
            curl -X POST \\
            https://api.cloud-elements.com/elements/api-v2/instances \\
            -H 'authorization: User <USER_SECRET>, Organization <ORGANIZATION_SECRET>' \\
            -H 'content-type: application/json' \\
            -d '{
            "element": {
            "key": "mixpanel"
            },
            "configuration": {
            "username": "xxxxxxxxxxxxxxxxxx"
            },
            "tags": [
            "Docs"
            ],
            "name": "API Instance"
            }'
            """

        /// Runs the published command, and compares its answer with the published one.
        @Test func thePublishedCommandIsAnsweredAsPublished() async throws {
            try await withElements { walk in
                let text = Self.command
                    .replacing("https://api.cloud-elements.com", with: walk.server.url)
                    .replacing("<USER_SECRET>", with: walk.user.secret)
                    .replacing("<ORGANIZATION_SECRET>", with: walk.user.organization)
                    .replacing("xxxxxxxxxxxxxxxxxx", with: walk.mixpanel.projectSecret)
                let shell = try ChildProcess("/bin/sh", ["-c", text])
                #expect(await shell.exitCode() == 0)
                let answer = try JSONSerialization.jsonObject(
                    with: await shell.output.complete())
                let example = try JSONSerialization.jsonObject(with: Data(published.utf8))
                #expect(
                    differences(answer, example)
                        == [
                            "configuration: \(credentialKeys)", "createdDate", "id", "token",
                            "user.id",
                        ].sorted())
                let instance = try #require(answer as? [String: Any])
                #expect(instance["valid"] as? Bool == true)
                #expect((instance["token"] as? String)?.hasPrefix("muster_element_") == true)
                let created = try #require(instance["createdDate"] as? String)
                #expect(created.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/#) != nil)
            }
        }

        private let credentialKeys =
            "credential.ends credential.type credential.warning filter.response.nulls region "
            + "username"

        /// Where the answer is another than the example, by path; keys that are only in one of
        /// the two with them.
        private func differences(_ answer: Any, _ example: Any, _ path: String = "") -> [String] {
            switch (answer, example) {
            case (let answer as [String: Any], let example as [String: Any]):
                let odd = Set(answer.keys).symmetricDifference(example.keys).sorted()
                let own = odd.isEmpty ? [] : ["\(path): \(odd.joined(separator: " "))"]
                let both = Set(answer.keys).intersection(example.keys)
                return
                    (own
                    + both.flatMap { key in
                        differences(
                            answer[key] as Any, example[key] as Any,
                            path.isEmpty ? key : "\(path).\(key)")
                    }).sorted()
            case (let answer as NSObject, let example as NSObject):
                return answer == example ? [] : [path]
            default: return [path]
            }
        }

        @Test func anIntegrationIsWalkedFromItsBeginningToItsEnd() async throws {
            try await withElements { walk in
                try await walk.create()
                try await walk.findByTag()
                try await walk.readPeople()
                try await walk.writeSomebody()
                try await walk.importEvents()
                try await walk.download()
                try await walk.downloadTable()
                try await walk.cancelDownload()
                try await walk.end()
                try await walk.searchForSecrets()
            }
        }

        /// Nothing is lost, and nothing comes twice.
        @Test func aDownloadGoesOnAfterAKill() async throws {
            try await withElements { walk in
                let count = 3000
                try await walk.create()
                try await walk.addEvents(count)
                // Each of the three steps takes its time.
                try await walk.process.control([
                    "do": "fault", "kind": "trickle", "call": "export", "delay_ms": 100,
                ])
                let id = try await walk.beginDownload()
                try await walk.isUnderWay(id)
                await walk.server.kill()
                try await walk.process.control(["do": "clear_faults"])
                try await withServer(
                    in: walk.server.directory, environment: walk.process.settings
                ) { server in
                    let later = walk.moved(to: server)
                    #expect(try await later.finished(id)["status"] as? String == "COMPLETED")
                    let events = try await later.downloaded(id)
                    #expect(events == (0..<count).map { "made-up-event-\($0)" })
                }
            }
        }

        private func withElements(
            _ body: (ElementsWalk) async throws -> Void
        ) async throws {
            let mixpanel = try await MixpanelProcess.start(members: 1500, pageSize: 1000)
            let directory = try TestDirectory()
            do {
                try await withServer(in: directory, environment: mixpanel.settings) { server in
                    let made = try await Muster.run(
                        "elements-user", "create", "--name", "Ada", "--json", in: directory)
                    #expect(made.code == 0, "\(made.errors)")
                    let user = try JSONDecoder().decode(ElementsWalk.User.self, from: made.output)
                    try await body(
                        ElementsWalk(
                            server: server, process: mixpanel, mixpanel: mixpanel.introduction,
                            user: user))
                }
            } catch {
                mixpanel.process.signal(SIGKILL)
                throw error
            }
            mixpanel.process.signal(SIGKILL)
            _ = await mixpanel.process.exitCode()
        }
    }
}

extension MusterServer {
    var url: String { "http://\(address)" }
}

/// The document's example of an answer.
private let published = """
    {
    "id": 12345,
    "name": "API Instance",
    "createdDate": "2017-08-07T18:46:38Z",
    "token": "ABC/Dxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "element": {
    "id": 13973,
    "name": "Mixpanel",
    "key": "mixpanel",
    "description": "Add an Mixpanel element to connect to your existing mixpanel account, \
    allowing you to create activities, users and download activities and users",
    "image": "https://uxcam.com/images/mixpanel-logo.png",
    "active": true,
    "deleted": false,
    "typeOauth": false,
    "trialAccount": false,
    "resources": [ ],
    "transformationsEnabled": true,
    "bulkDownloadEnabled": true,
    "bulkUploadEnabled": false,
    "cloneable": true,
    "extendable": false,
    "beta": false,
    "authentication": {
    "type": "basic"
    },
    "extended": false,
    "hub": "general",
    "protocolType": "http",
    "parameters": [ ],
    "private": false
    },
    "elementId": 13973,
    "tags": [
    "Docs"
    ],
    "provisionInteractions": [],
    "valid": true,
    "disabled": false,
    "maxCacheSize": 0,
    "cacheTimeToLive": 0,
    "configuration": { },
    "eventsEnabled": false,
    "traceLoggingEnabled": false,
    "cachingEnabled": false,
    "externalAuthentication": "none",
    "user": {
    "id": 12345
    }
    }
    """

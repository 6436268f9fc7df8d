import ArgumentParser
import Audiences
import JSON
import Logging
import Platform
import SQLiteStore

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks for what is wrong or soon will be, and says how to mend it.",
        discussion: """
            Settings, store, disk, clock, TLS, permissions, port, service accounts, audiences. \
            Beside a running server, too; nothing is changed. Ends with 0 if nothing failed, with \
            78 if the settings can't be used, with 69 otherwise.
            """)

    @OptionGroup var listing: ListingOptions
    @OptionGroup var options: StoreOptions

    func run() async throws {
        let configuration: MusterConfiguration
        do throws(ConfigurationProblems) {
            configuration = try await options.readConfiguration().configuration
        } catch {
            show(error.problems.map { .fail("settings", $0, fix: "muster config show") })
            throw Ending.configuration
        }
        let findings = try await Self.examine(configuration)
        show(findings)
        if findings.contains(where: { $0.status == .fail }) { throw Ending.unavailable }
    }

    /// Everything, in the order in which one thing needs another.
    static func examine(_ configuration: MusterConfiguration) async throws -> [Finding] {
        let (wall, monotonic) = (WallClock.millisecondsSince1970(), MonotonicTime.now())
        let now = Composition.now()
        var findings: [Finding] = [.ok("settings", "all can be used")]
        findings += SystemChecks(configuration: configuration, now: now).all()
        findings.append(await PortCheck(configuration).finding())
        let checks = StoreChecks(configuration: configuration, now: now)
        let files = checks.files()
        findings += files.findings
        if files.isUsable {
            let logger = Logger(label: "muster") { _ in SwiftLogNoOpLogHandler() }
            do {
                let store = try Composition.openStore(configuration, as: .tool, logger)
                findings += try await checks.contents(of: store)
                try await store.close()
            } catch let failure as Failure {
                findings.append(.fail("store", failure.message, fix: failure.detail))
            }
        }
        let jump = SystemChecks.steps(
            wall: WallClock.millisecondsSince1970() - wall,
            monotonic: MonotonicTime.now().elapsed(since: monotonic))
        return findings + [jump].compactMap(\.self)
    }

    private func show(_ findings: [Finding]) {
        guard listing.json else {
            return Terminal.out(findings.map(\.line).joined(separator: "\n"))
        }
        Terminal.out(
            Listing.json(findings) { json, finding in
                json.beginObject()
                json.key("check")
                json.string(finding.check)
                json.key("status")
                json.string(finding.status.rawValue)
                json.key("sentence")
                json.string(finding.sentence)
                json.key("fix")
                if let fix = finding.fix { json.string(fix) } else { json.null() }
                json.endObject()
            })
    }
}

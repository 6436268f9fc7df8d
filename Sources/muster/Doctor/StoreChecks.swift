import Audiences
import Foundation
import SQLiteStore

/// What can be checked of the data directory and of what the store holds.
struct StoreChecks {
    let configuration: MusterConfiguration
    let now: Timestamp

    private var directory: String { configuration.dataDirectory }

    /// The files, and whether the store may be opened to look further.
    func files() -> (findings: [Finding], isUsable: Bool) {
        let examined: Examination?
        do throws(Failure) {
            let path = "\(directory)/\(SQLiteStore.databaseName)"
            guard FileManager.default.fileExists(atPath: path) else {
                return ([.ok("store", "none in \(directory) yet; `muster serve` makes it")], false)
            }
            examined = try Examination.examine(directory)
        } catch {
            return ([Self.finding("store", error)], false)
        }
        guard let examined else { return ([.ok("store", "empty")], false) }
        var findings = [store(examined), disk(examined), timestamps(examined)]
        do throws(Failure) {
            try Examination.checkWritable(directory)
        } catch {
            findings.append(Self.finding("store", error))
        }
        let isUsable = examined.damage.isEmpty && examined.pendingSteps == 0
        return (findings, isUsable)
    }

    private func store(_ examined: Examination) -> Finding {
        let size = Self.size(examined.bytes)
        guard examined.damage.isEmpty else {
            return .fail(
                "store", "damaged: \(examined.damage[0])",
                fix: "stop the server, keep the files, `muster restore` a backup")
        }
        guard examined.pendingSteps == 0 else {
            return .warn(
                "store", "\(size), of an earlier version: step \(examined.schema)",
                fix: "`muster backup` it; the next start brings it up to date")
        }
        let log = Self.bytes(of: "\(directory)/\(SQLiteStore.databaseName)-wal")
        guard log < max(Self.logBytesMax, examined.bytes) else {
            return .warn(
                "store", "its log has \(Self.size(log)), more than the store itself",
                fix: "end commands that read for long; restart the server if it stays")
        }
        return .ok(
            "store", "\(size) and a log of \(Self.size(log)); sound, step \(examined.schema)")
    }

    /// Twelve times what starts a checkpoint.
    static let logBytesMax = 1 << 30

    // MARK: The disk

    private func disk(_ examined: Examination) -> Finding {
        let system = try? FileManager.default.attributesOfFileSystem(forPath: directory)
        let free = (system?[.systemFreeSize] as? NSNumber)?.intValue
        return Self.disk(free: free, storeBytes: examined.bytes)
    }

    /// Below it the next page may be refused: a busy log alone grows to 80 MiB.
    static let freeBytesMin = 128 << 20
    /// Beside what a second copy of every audience takes.
    static let freeBytesSpare = 256 << 20

    static func disk(free: Int?, storeBytes: Int) -> Finding {
        guard let free else {
            return .warn("disk", "its free space is not known", fix: "look at df")
        }
        let (needed, overflow) = storeBytes.addingReportingOverflow(freeBytesSpare)
        if free < freeBytesMin {
            return .fail("disk", "\(size(free)) are free", fix: "make room, or pages are refused")
        }
        guard !overflow, free >= needed else {
            return .warn(
                "disk", "\(size(free)) are free; full syncs of everything take \(size(needed))",
                fix: "make room, or lower store.snapshot_retention_hours")
        }
        return .ok("disk", "\(size(free)) are free; full syncs of everything take \(size(needed))")
    }

    private func timestamps(_ examined: Examination) -> Finding {
        Self.timestamps(newest: examined.newest, now: now)
    }

    /// A minute is what clocks of two machines may differ by.
    static let futureMillisecondsMax: Int64 = 60_000

    static func timestamps(newest: Timestamp?, now: Timestamp) -> Finding {
        guard let newest, newest.since(now) > futureMillisecondsMax else {
            return .ok("time", "nothing in the store is of the future")
        }
        return .fail(
            "time", "the store holds something of \(newest.rfc3339), and it is \(now.rfc3339)",
            fix: "set the clock, or times and retention are wrong until then")
    }

    // MARK: What it holds

    private func hook(_ hook: Hook) -> [Finding] {
        let id = hook.connectionID
        do throws(Failure) {
            for secret in hook.validSecrets(at: now) {
                _ = try configuration.keyRing.sealing.open(
                    secret.sealed, HookSecret.sealingContext(of: id))
            }
        } catch {
            return [Self.finding("encryption key", error)]
        }
        guard !hook.isOn else { return [] }
        return [
            .warn(
                "hook", "that of \(id.text) is switched off",
                fix: "`muster hook edit \(id.text) --on`, or `muster hook remove`")
        ]
    }

    func contents(of store: SQLiteStore) async throws(Failure) -> [Finding] {
        var findings: [Finding] = []
        var opened = 0
        var range = ListRange(limit: Limits.listItemsMax)
        repeat {
            let page = try await store.connections(range)
            for connection in page.items {
                let hook = try await store.hook(of: connection.id)
                if let hook { findings += self.hook(hook) }
                guard let account = connection.serviceAccount else { continue }
                do throws(Failure) {
                    _ = try configuration.keyRing.sealing.open(
                        account.secret, connection.id.text)
                    opened += 1
                } catch {
                    findings.append(Self.finding("encryption key", error))
                }
                if account.status != .connected {
                    findings.append(
                        .warn(
                            "service account",
                            "\(connection.id.text) is \(account.status.rawValue)",
                            fix: account.message ?? "`muster connection verify` asks again"))
                }
            }
            range.after = page.next
        } while range.after != nil
        let instances = try await instances(of: store)
        opened += instances.opened
        findings += instances.findings
        if opened > 0 { findings.append(.ok("encryption key", "opens \(opened) secrets")) }
        return findings + (try await audiences(of: store))
    }

    /// More would be no list that anybody reads.
    static let audiencesNamedMax = 10

    private func audiences(of store: SQLiteStore) async throws(Failure) -> [Finding] {
        var count = 0
        var troubled: [Finding] = []
        var range = ListRange(limit: Limits.listItemsMax)
        repeat {
            let page = try await store.audiences(matching: AudienceFilter(), range)
            count += page.items.count
            troubled += page.items.compactMap { Self.finding(of: $0, at: now) }
            range.after = page.next
        } while range.after != nil
        let rest = troubled.count - Self.audiencesNamedMax
        if rest > 0 {
            troubled =
                troubled.prefix(Self.audiencesNamedMax) + [
                    .warn("audience", "\(rest) more need attention", fix: "muster audience list")
                ]
        }
        return troubled.isEmpty ? [.ok("audiences", "\(count), none needs attention")] : troubled
    }

    static func finding(of audience: Audience, at now: Timestamp) -> Finding? {
        let id = audience.id.text
        switch audience.freshness.status(at: now) {
        case .held:
            return .warn(
                "audience", "\(id) has a full sync that waits for a decision",
                fix: "muster audience accept \(id), or reject")
        case .stale:
            return .warn(
                "audience", "\(id) has heard nothing since \(audience.asOf?.rfc3339 ?? "ever")",
                fix: "is its sync paused at Mixpanel?")
        case .live, .filling:
            guard audience.needsReconcile != nil else { return nil }
            return .warn(
                "audience", "\(id) may differ from its cohort",
                fix: "muster audience reconcile \(id), or start a full sync at Mixpanel")
        }
    }

    // MARK: Words

    static func finding(_ check: String, _ failure: Failure) -> Finding {
        .fail(check, failure.message, fix: failure.detail.isEmpty ? "see above" : failure.detail)
    }

    private static func bytes(of path: String) -> Int {
        let found = try? FileManager.default.attributesOfItem(atPath: path)
        return found?[.size] as? Int ?? 0
    }

    static func size(_ bytes: Int) -> String {
        bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }
}

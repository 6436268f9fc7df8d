import Audiences
import Mixpanel
import SQLiteStore

extension StoreChecks {
    /// Element instances: whether their secrets open, whether Mixpanel takes them, and who still
    /// uses what it is about to end.
    func instances(
        of store: SQLiteStore
    ) async throws(Failure) -> (findings: [Finding], opened: Int) {
        var findings: [Finding] = []
        var (opened, ending, invalid) = (0, 0, 0)
        var range = ListRange(limit: Limits.listItemsMax)
        repeat {
            let page = try await store.instances(matching: InstanceFilter(), range)
            for instance in page.items {
                do throws(Failure) {
                    let (sealing, context) = (
                        configuration.keyRing.sealing, instance.sealingContext
                    )
                    _ = try instance.token.open(by: sealing)
                    _ = try instance.credential.open(for: context, by: sealing)
                    opened += 2
                } catch {
                    findings.append(Self.finding("encryption key", error))
                }
                if instance.credential.kind == .projectSecret { ending += 1 }
                if !instance.check.isValid, !instance.isDisabled { invalid += 1 }
            }
            range.after = page.next
        } while range.after != nil
        return (findings + Self.findings(ending: ending, invalid: invalid), opened)
    }

    static func findings(ending: Int, invalid: Int) -> [Finding] {
        var findings: [Finding] = []
        if ending > 0 {
            findings.append(
                .warn(
                    "element instances", "\(ending) authenticate by the project's API secret",
                    fix: ProjectSecret.warning))
        }
        if invalid > 0 {
            findings.append(
                .warn(
                    "element instances", "Mixpanel did not say that it takes \(invalid) of them",
                    fix: "GET /elements/api-v2/instances says why; authenticate them again"))
        }
        return findings
    }
}

package import Audiences
package import CoreMetrics

/// Counts what pages of cohort syncs brought.
///
/// Not by audience: there may be thousands, and whoever reads metrics need not know their names.
package struct SyncMetrics: Sendable {
    package static let pages = "muster_sync_pages_total"
    package static let members = "muster_sync_members_total"
    package static let unusable = "muster_sync_members_unusable_total"
    package static let unusablePages = "muster_sync_pages_without_usable_members_total"

    private let factory: any MetricsFactory
    private let emptied: Counter

    package init(_ factory: any MetricsFactory) {
        self.factory = factory
        emptied = Counter(label: Self.unusablePages, factory: factory)
    }

    /// Notes a page that was answered 200.
    package func note(_ page: SyncPage, _ outcome: SyncOutcome) {
        let action = ("action", page.action.rawValue)
        count(Self.pages, [action, ("outcome", outcome.rawValue)], 1)
        if !page.members.isEmpty { count(Self.members, [action], page.members.count) }
        for (reason, members) in page.notes.unusable {
            count(Self.unusable, [("reason", reason.rawValue)], members)
        }
        if page.members.isEmpty, page.notes.unusableCount > 0 { emptied.increment() }
    }

    /// A page is a thousand members: finding its few counters anew costs it nothing.
    private func count(_ name: String, _ labels: [(String, String)], _ amount: Int) {
        Counter(label: name, dimensions: labels, factory: factory).increment(by: amount)
    }
}

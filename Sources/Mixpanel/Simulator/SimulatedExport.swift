package import Audiences

/// One export of a cohort: an action and everybody it is about, cut into pages.
package struct SimulatedExport: Sendable {
    package let action: SyncAction
    /// A UUID, in ASCII.
    ///
    /// The add and the remove of one sync share it, which Mixpanel neither promises nor rules out.
    package let sessionID: [UInt8]
    package let people: [UInt32]
    package let pageSize: Int
    /// The number of the page that is never sent.
    package let missingPage: Int?

    /// How many pages are announced: at least one, for an empty export is sent, too.
    package var pageCount: Int {
        Self.pageCount(of: people.count, pageSize: pageSize)
    }

    /// Whether all announced pages are sent.
    package var isComplete: Bool { missingPage == nil }

    /// The people of a page, 1-based; none for a number that is no page.
    package func people(onPage number: Int) -> ArraySlice<UInt32> {
        guard number >= 1, number <= pageCount else { return [] }
        return people.dropFirst((number - 1) * pageSize).prefix(pageSize)
    }

    static func pageCount(of people: Int, pageSize: Int) -> Int {
        max(1, people / pageSize + (people % pageSize == 0 ? 0 : 1))
    }
}

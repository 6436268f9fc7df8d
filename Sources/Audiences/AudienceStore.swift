/// Answers who is in which audience.
///
/// Reads only; a read sees one committed state.
package protocol AudienceStore: Sendable {
    /// Audiences in the order they were created.
    func audiences(
        matching filter: AudienceFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<Audience>

    /// The audience of this id; `nil` if there is none.
    func audience(_ id: AudienceID) async throws(Failure) -> Audience?

    /// Members in a stable order.
    ///
    /// The cursor is bound to the snapshot that was current when paging began, so the pages of
    /// one walk never mix the memberships before and after a replacement. Diffs that arrive
    /// during the walk may show.
    ///
    /// - Throws: `notFound` if there is no such audience; `invalid` if the cursor is none of this
    ///   audience or its snapshot has been removed since.
    func members(
        of id: AudienceID, _ range: ListRange
    ) async throws(Failure) -> ListPage<Member>

    /// The sync log, newest session first. Throws `notFound` if there is no such audience.
    func syncs(of id: AudienceID, _ range: ListRange) async throws(Failure) -> ListPage<SyncSession>

    /// The audiences that anybody matching this id is a member of; see ``Person/matchID``.
    ///
    /// - Parameters:
    ///   - matchID: the id an app knows its user by. Nobody having it is an empty answer.
    ///   - audience: only this audience if given.
    /// - Returns: one entry per audience, ordered by its creation.
    /// - Throws: `unavailable` if the store can't be read.
    func memberships(
        matching matchID: ExternalID, in audience: AudienceID?
    ) async throws(Failure) -> [Membership]

    /// For each id, which of the audiences anybody matching it is in.
    ///
    /// - Parameters:
    ///   - matchIDs: at most ``Limits/queryMatchIDsMax``; answered in this order.
    ///   - audiences: only these; all if empty. Unknown ones are left out.
    /// - Returns: a row per id asked, and every audience that was looked into.
    /// - Throws: `unavailable` if the store can't be read.
    func memberships(
        matchingAny matchIDs: [ExternalID], in audiences: [AudienceID]
    ) async throws(Failure) -> MembershipTable
}

package struct AudienceFilter: Sendable, Hashable {
    package var connection: ConnectionID?
    package var project: ExternalID?
    package var cohort: ExternalID?

    package init(
        connection: ConnectionID? = nil, project: ExternalID? = nil, cohort: ExternalID? = nil
    ) {
        self.connection = connection
        self.project = project
        self.cohort = cohort
    }
}

/// Which part of a list is wanted.
package struct ListRange: Sendable, Hashable {
    /// Continue after the page that answered this cursor; from the start if `nil`.
    package var after: Cursor?
    /// 1...``Limits/listItemsMax``.
    package var limit: Int

    package init(after: Cursor? = nil, limit: Int = Limits.listItemsDefault) {
        self.after = after
        self.limit = limit
    }
}

/// Where a list goes on.
///
/// Opaque to callers; made and read by the store.
package struct Cursor: Sendable, Hashable {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }
}

package struct ListPage<Item: Sendable>: Sendable {
    package var items: [Item]
    /// `nil` if this is the last page.
    package var next: Cursor?

    package init(items: [Item], next: Cursor? = nil) {
        self.items = items
        self.next = next
    }
}

/// One audience that somebody matching an id is in.
package struct Membership: Sendable, Hashable {
    package var audience: AudienceID
    package var name: String?
    /// When the first of the matching people entered.
    package var enteredAt: Timestamp
    package var freshness: Freshness

    package init(audience: AudienceID, name: String?, enteredAt: Timestamp, freshness: Freshness) {
        self.audience = audience
        self.name = name
        self.enteredAt = enteredAt
        self.freshness = freshness
    }
}

/// Many ids against many audiences.
package struct MembershipTable: Sendable {
    /// In the order asked.
    package var rows: [(matchID: ExternalID, audiences: [AudienceID])]
    /// Every audience that was looked into.
    package var audiences: [(id: AudienceID, freshness: Freshness)]

    package init(
        rows: [(matchID: ExternalID, audiences: [AudienceID])],
        audiences: [(id: AudienceID, freshness: Freshness)]
    ) {
        self.rows = rows
        self.audiences = audiences
    }
}

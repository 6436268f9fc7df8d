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

    /// As ``memberships(matching:in:)`` of all audiences, written by the caller, if that can be
    /// done without waiting; `nil` if not.
    ///
    /// The store may keep what was written beside what it is about, and return it again.
    ///
    /// - Parameters:
    ///   - matchID: as there.
    ///   - now: what was written for another time is not returned.
    ///   - write: writes an answer, always in the same form.
    /// - Returns: what was written.
    func membershipsAtOnce(
        matching matchID: ExternalID, at now: Timestamp,
        write: ([Membership]) -> [UInt8]
    ) -> [UInt8]?

    /// The audiences that anybody matching this id was a member of at a past moment.
    ///
    /// The match ids are today's; so are names and freshness. Changes that are still to be
    /// written into the feed count as well.
    ///
    /// - Parameters:
    ///   - matchID: as for ``memberships(matching:in:)``.
    ///   - audience: only this audience if given.
    ///   - moment: in the past.
    /// - Returns: one entry per audience, ordered by its creation, with the time of the last
    ///   entrance before `moment`, or `moment` itself if that is older than the feed; no source.
    /// - Throws: `gone` if the feed does not reach back to `moment`; see ``Retention``.
    func memberships(
        matching matchID: ExternalID, in audience: AudienceID?, at moment: Timestamp
    ) async throws(Failure) -> [Membership]

    /// Reference ids that several members of an audience share, in a stable order.
    ///
    /// Mixpanel merges and re-creates profiles, so a few are normal; many mean that the wrong
    /// property is exported. A page may be empty and still have a successor, for the store looks
    /// at a bounded number of members each time.
    ///
    /// - Throws: as ``members(of:_:)``.
    func sharedReferences(
        of id: AudienceID, _ range: ListRange
    ) async throws(Failure) -> ListPage<SharedReference>

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
    /// The page that says so; `nil` if it is not known any more.
    package var source: MembershipSource?
    package var freshness: Freshness

    package init(
        audience: AudienceID, name: String?, enteredAt: Timestamp,
        source: MembershipSource? = nil, freshness: Freshness
    ) {
        self.audience = audience
        self.name = name
        self.enteredAt = enteredAt
        self.source = source
        self.freshness = freshness
    }
}

/// Why somebody is a member: the page their membership came from.
///
/// For people who stayed through a replacement it is the replacement's page, while
/// ``Membership/enteredAt`` is older.
package struct MembershipSource: Sendable, Hashable {
    package var action: SyncAction
    /// `nil` if Mixpanel sent none.
    package var sessionID: ExternalID?
    /// The page's number; `nil` if it had none that could be used.
    package var page: Int?

    package init(action: SyncAction, sessionID: ExternalID?, page: Int?) {
        self.action = action
        self.sessionID = sessionID
        self.page = page
    }
}

/// A reference id that several members of an audience have.
package struct SharedReference: Sendable, Hashable {
    package var referenceID: ExternalID
    /// At least two; at most ``Limits/sharedReferencePeopleMax`` are named.
    package var distinctIDs: [ExternalID]

    package init(referenceID: ExternalID, distinctIDs: [ExternalID]) {
        self.referenceID = referenceID
        self.distinctIDs = distinctIDs
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

/// Records what Mixpanel sends.
///
/// The one port that changes memberships.
package protocol SyncStore: Sendable {
    /// Records one page.
    ///
    /// The contract, which the conformance suite proves for every store:
    ///
    /// - **Atomic and durable.** When this returns, the whole effect of the page has reached the
    ///   disk; when it throws, none of it has. Only then may Mixpanel be told 200.
    /// - **Safe to repeat.** After a failure Mixpanel "starts the sync from the top again", so a
    ///   repeated page replaces itself and a page of a finished session changes nothing.
    /// - **Decided by ``SyncSession``.** The store loads the session, lets it decide, and applies
    ///   the ``Change``. Sessions are told apart by audience, action and session id. Pages
    ///   without a session id join the latest session without one if that is an unfinished
    ///   replacement (``SyncSession/takesUnnamedPages(at:)``), or begin a new session.
    /// - **Guarded.** A whole replacement is counted and put before
    ///   ``SyncSession/conclude(_:guardedBy:at:)``; one that is held changes nothing readers see,
    ///   and keeps collecting the diffs that come, until ``AudienceControl`` is told what to do,
    ///   a newer replacement begins, or its retention ends.
    /// - **Told.** Every person who really entered or left is one row of the change feed, written
    ///   in the same transaction by diffs, and by housekeeping after a replacement; see
    ///   ``ChangeStore``.
    /// - **Diffs** act on the current snapshot on arrival. An `add_members` or `members` page of
    ///   an unknown cohort creates its audience; a `remove_members` page of one creates nothing
    ///   and is not logged.
    /// - **Replacements** are staged in a snapshot of their own, invisible to readers. Switching
    ///   it in costs the same whatever its size. Diffs that arrived since its first page was
    ///   staged, and irregular pages of its own even before, are applied to it again, in order,
    ///   before readers see it. People who stay keep the time they entered; the others enter at the
    ///   moment of the switch. A replacement without irregular pages also clears the reason to
    ///   reconcile, for it is a whole copy of the cohort.
    /// - **People** are created by the pages that add them and take over the reference id and
    ///   the traits of every page that carries any and is not ignored. Those who are to stay
    ///   erased are left out and counted as ``UnusableReason/erased``.
    ///
    /// - Parameters:
    ///   - page: the page.
    ///   - connection: an existing connection, which scopes people and audiences.
    ///   - now: when the page arrived.
    /// - Returns: what happened, for the log and the metrics.
    /// - Throws: `unavailable` if the store can't take writes now; the page may be sent again.
    func record(
        _ page: SyncPage, from connection: ConnectionID, at now: Timestamp
    ) async throws(Failure) -> SyncOutcome

    /// Does the housekeeping that is due, a bounded step of it.
    ///
    /// Writes the changes of replacements into the feed, expires replacements whose pages never
    /// came, and removes what its ``Retention`` does not keep any longer, in steps so small that
    /// no page has to wait for them.
    ///
    /// - Parameter now: the time to judge ages by.
    /// - Returns: true if more is due at once.
    /// - Throws: `unavailable` if the store can't take writes now.
    func tidy(at now: Timestamp) async throws(Failure) -> Bool

    /// Proves that the store can write, by writing.
    ///
    /// - Parameter now: any time.
    /// - Throws: `unavailable` if it can't.
    func checkWritable(at now: Timestamp) async throws(Failure)
}

/// What became of a page.
package enum SyncOutcome: String, Sendable, Hashable {
    /// It acted on the current membership at once.
    case applied
    /// It waits for the other pages of its replacement.
    case staged
    /// It completed its replacement, which readers now see.
    case switched
    /// It completed its replacement, which removes too many and waits for a person.
    case held
    /// It changed nothing: late, or about a cohort nobody knows.
    case ignored
}

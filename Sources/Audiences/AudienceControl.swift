/// What operators do to audiences and people by hand.
///
/// Everything is atomic and durable when it returns, and is told in the change feed and in the
/// audit log.
package protocol AudienceControl: Sendable {
    /// Switches a held replacement in, or gives it up.
    ///
    /// Accepting applies the diffs that came since it was held. Rejecting leaves the membership
    /// as it is and flags ``ReconcileReason/replacementRejected``, for Mixpanel goes on from the
    /// replacement.
    ///
    /// - Throws: `notFound` if there is no such audience; `conflict` if nothing is held.
    func decide(
        _ decision: HeldDecision, on id: AudienceID, at now: Timestamp, for operation: Operation
    ) async throws(Failure)

    /// Puts back the snapshot that was replaced last and is still kept.
    ///
    /// What was current becomes the replaced one, so that restoring again undoes it. A
    /// replacement that is filling or held is given up (``SyncSession/Status/superseded``). The
    /// audience is flagged ``ReconcileReason/restored``; its ``Audience/asOf`` stays.
    ///
    /// - Throws: `notFound` if there is no such audience; `conflict` if no replaced snapshot is
    ///   kept.
    func restore(
        _ id: AudienceID, at now: Timestamp, for operation: Operation
    ) async throws(Failure)

    /// Erases everybody, of any connection, who matches an id: the person, their traits, every
    /// membership in every snapshot, and their name in the change feed.
    ///
    /// - Parameters:
    ///   - matchID: see ``Person/matchID``.
    ///   - staysErased: keep hashes of `matchID` and of the people's distinct ids under a key of
    ///     the store, so that later pages can't bring them back; also if nobody matches.
    ///   - now: when they leave their audiences.
    ///   - operation: logged without the id.
    /// - Returns: how many people were erased.
    /// - Throws: `unavailable` if the store can't take writes now.
    func erase(
        matching matchID: ExternalID, staysErased: Bool, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> Int
}

package enum HeldDecision: String, Sendable, Hashable {
    case accept
    case reject
}

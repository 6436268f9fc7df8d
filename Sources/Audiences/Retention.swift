/// How long a store keeps what nobody may need any more.
package struct Retention: Sendable, Hashable {
    /// Replaced snapshots, for ``AudienceControl/restore(_:at:)``, and held replacements, for a
    /// decision.
    ///
    /// Three days reach over a weekend; Mixpanel forgets its own snapshot after as many.
    package var snapshotsMilliseconds: Int64 = 72 * 3600 * 1000

    /// The change feed: how late a reader may be, and how far questions about the past reach.
    ///
    /// A month is as far as people look back when they ask why somebody got a message.
    package var changesMilliseconds: Int64 = 30 * 24 * 3600 * 1000

    /// The sync log: 96 sessions an audience and day.
    ///
    /// A quarter, so that last quarter's incident can still be read.
    package var syncLogMilliseconds: Int64 = 90 * 24 * 3600 * 1000

    /// What was sent to hooks.
    ///
    /// A week, so that what failed on a Friday can be replayed on a Monday; more than a delivery is
    /// tried for (``Limits/hookPatienceMilliseconds``).
    package var hookLogMilliseconds: Int64 = 7 * 24 * 3600 * 1000

    /// Invites of studies that are closed: so long after the study was changed last, and after
    /// anything happened to the invite.
    ///
    /// Thirteen months, so that a yearly study can still be compared with the last one. Invites of
    /// other studies are kept: who may be asked again is decided by them.
    package var invitesMilliseconds: Int64 = 400 * 24 * 3600 * 1000

    package init() {}
}

/// Every maximum of the domain.
///
/// Those of the wire are in `HTTPWire/WireLimits.swift`.
package enum Limits {
    /// The longest identifier somebody else may choose: a distinct id, a reference id, a cohort,
    /// project or session id.
    ///
    /// Mixpanel's own distinct ids stop at 255 characters; Flagsmith takes 1024 bytes. Longer ones
    /// are unusable, never cut.
    package static let externalIDBytesMax = 1024

    /// From this many members on, a page without `page_info` can't be the whole cohort for
    /// certain: Mixpanel sends 1000 a page, so a full page may have a successor.
    package static let provablePageMembersMax = 999

    /// Mixpanel exports at most 10 million users a cohort, 1000 a page; a hundred times that is
    /// no page count but noise.
    package static let pagesTotalMax = 1_000_000

    /// Mixpanel forgets its snapshot after 3 days of failures and then sends everything again.
    package static let snapshotSilenceMilliseconds: Int64 = 3 * 24 * 3600 * 1000

    /// How long an unfinished replacement may wait for its missing pages.
    ///
    /// Mixpanel starts a new session every 30 minutes, so after a day nothing more will come.
    package static let sessionAgeMillisecondsMax: Int64 = 24 * 3600 * 1000

    /// Fewer members than this are never guarded: a small audience changes as a whole every day.
    package static let guardedMembersMin = 1000

    /// Mixpanel syncs every 30 minutes, changes or not.
    package static let heartbeatMilliseconds: Int64 = 30 * 60 * 1000

    /// An audience is stale after this many heartbeats without a completed sync: one missed run
    /// is common, three are an outage.
    package static let heartbeatsMissedMax: Int64 = 3

    /// Longest text kept of a trait value, in bytes of UTF-8.
    ///
    /// Traits are for targeting, not for documents; Mixpanel cuts its own string properties at 255
    /// characters.
    package static let traitBytesMax = 1024

    /// How many properties one connection may keep as traits.
    package static let traitsAllowedMax = 100

    /// Longest cohort or connection name kept, in characters; the rest is cut, for it is only
    /// ever shown.
    package static let nameCharactersMax = 2000

    /// How many people one `POST /v1/memberships/query` may ask about.
    package static let queryMatchIDsMax = 1000

    /// How many audiences one `POST /v1/memberships/query` may name.
    package static let queryAudienceIDsMax = 1000

    /// How many people a shared reference id names at most; the rest would be a list of its own.
    package static let sharedReferencePeopleMax = 100

    /// How long a reader of the change feed may wait for the next change.
    ///
    /// Proxies commonly cut an answer that has not begun after 60 s.
    package static let changesWaitSecondsMax = 60

    /// How many items a list answers at most, and by default.
    package static let listItemsMax = 1000
    package static let listItemsDefault = 100

    /// A regenerated secret's predecessor may stay valid this long at most: a week is enough for
    /// somebody to come back from holiday, and a leaked secret must die.
    package static let secretOverlapSecondsMax = 7 * 24 * 3600

    /// How much memory checking one secret that somebody chose may take.
    ///
    /// The hash comes from a file, and must not be able to ask for 4 GiB; OWASP's costliest
    /// recommendation asks for this much.
    package static let scryptMemoryBytesMax = 128 << 20

    /// A hash that needs less memory would be no hindrance to somebody who guesses.
    ///
    /// OWASP's cheapest recommendation asks for this much (Password Storage Cheat Sheet).
    package static let scryptMemoryBytesMin = 8 << 20

    /// How many blocks of 128 bytes checking such a secret may mix: about a second of a core.
    package static let scryptBlocksMax = 1 << 22

    /// The longest salt of such a hash; 16 are usual.
    package static let scryptSaltBytesMax = 64

    /// How many secrets of a cohort sync are kept, ended ones included.
    ///
    /// Each costs every page a hash, a microsecond.
    package static let secretsMax = 32

    /// The time of a secret's last use is written at most this often: a page must not cost a
    /// second write.
    package static let lastUseMillisecondsMin: Int64 = 60 * 1000

    /// How many projects of a service account are kept; agencies have hundreds.
    package static let listedProjectsMax = 1000

    /// How long a repeated request with the same `Idempotency-Key` is answered as before.
    ///
    /// The day that API clients commonly count on.
    package static let keptAnswerMillisecondsMax: Int64 = 24 * 3600 * 1000

    /// Mixpanel answers 60 queries an hour and project, 5 of them at once
    /// (docs.mixpanel.com/reference/rate-limits).
    package static let queriesPerHourMax = 60
    package static let queriesAtOnceMax = 5

    /// A query that has not ended after this long is taken for lost, with the process that asked.
    package static let queryMillisecondsMax: Int64 = 2 * 60 * 1000

    /// What a reconciliation may remove of an audience of a connection without a guard, unless it
    /// is forced: half of an audience is lost by a wrong project more often than by people.
    package static let repairMaxRemoved = RemovedFraction(share: 0.5)

    /// Longest address of a study, in bytes; browsers and proxies commonly take 2000.
    package static let launchURLBytesMax = 2000

    /// Longest name of an app event, in bytes; Mixpanel cuts its own at 255.
    package static let eventNameBytesMax = 255

    /// How many launch rules a connection has that are not archived: each load of an app's
    /// configuration judges all of them.
    package static let launchRulesMax = 200
    /// Longest cooldown; a year is as good as never.
    package static let cooldownHoursMax = 365 * 24

    /// No limit of starts is higher: more people have no phone.
    package static let startsMax = 1_000_000_000

    /// A rule's priority is this at most, or minus this at least.
    package static let priorityMax = 1_000_000

    /// Longest text of a prompt, in bytes; it has to fit on a phone.
    package static let promptTextBytesMax = 1000

    /// How many audiences one rule may leave out.
    package static let excludedAudiencesMax = 100

    /// How long an event is sent again to a hook that does not take it.
    package static let hookPatienceMilliseconds: Int64 = 3 * 24 * 3600 * 1000

    /// How long a hook may ask to be left alone (`Retry-After`); more is taken for this much.
    package static let hookRetryAfterMillisecondsMax: Int64 = 24 * 3600 * 1000

    /// How many secrets of a hook are valid at a time: each is a signature in every request.
    package static let hookSecretsMax = 4

    /// From so many waiting deliveries of a hook on, changes of audiences wait in the feed.
    ///
    /// Enough for minutes of a fast receiver; a first sync may be a million.
    package static let hookBacklogMax = 10_000

    /// How many deliveries of a hook are kept to be looked at, beside those that wait.
    package static let hookLogItemsMax = 10_000

    /// How many instances one organization may have; the largest users of such platforms tell of
    /// thousands.
    package static let instancesMax = 10_000

    /// How many tags an instance may have, and how long each may be, in bytes.
    package static let tagsMax = 50
    package static let tagBytesMax = 255

    /// How many field maps an instance may have, how many fields each, and how long a path may be,
    /// in bytes.
    package static let fieldMapsMax = 50
    package static let mappedFieldsMax = 500
    package static let fieldPathBytesMax = 255

    /// How many bulk jobs of one instance may be unfinished: each waits for the same quota.
    package static let openBulkJobsMax = 20

    /// How many of the errors of a bulk job are kept word for word.
    package static let bulkErrorsMax = 100

    /// How long the file of a bulk job is kept after it ended, and the job itself.
    package static let bulkFileMilliseconds: Int64 = 7 * 24 * 3600 * 1000
}

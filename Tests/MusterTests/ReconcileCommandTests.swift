import ArgumentParser
import Audiences
import Endpoints
import JSON
import Mixpanel
import Testing

@testable import muster

/// What people see of reconciliations.
@Suite struct ReconcileCommandTests {
    private func reconciliation(
        _ status: Reconciliation.Status, _ result: Reconciliation.Differences? = nil
    ) -> Reconciliation {
        Reconciliation(
            id: ReconciliationID.make(from: [UInt8](repeating: 1, count: 16)),
            audience: AudienceID.make(from: [UInt8](repeating: 2, count: 16)), repairs: true,
            status: status, message: "Wait.", result: result,
            createdAt: Timestamp(milliseconds: 0))
    }

    @Test func theCountsStandBelowEachOther() {
        let found = Reconciliation.Differences(
            missing: 3, extra: 2, notExported: nil, changedMeanwhile: 1, matching: 1204)
        #expect(
            AudienceCommand.Reconcile.text(reconciliation(.finished, found)) == """
                rec_1111111111111111  finished
                missing here         3
                extra here           2
                in both              1204
                changed meanwhile    1
                without a profile    unknown
                """)
    }

    @Test func theListSaysWhatWasFoundSoFar() {
        let found = Reconciliation.Differences(
            missing: 3, extra: 2, notExported: nil, changedMeanwhile: 1, matching: 1204)
        let table = ReconciliationCommand.table([
            reconciliation(.finished, found), reconciliation(.waiting),
        ])
        let ids = "rec_1111111111111111  aud_2222222222222222"
        #expect(
            table == """
                RECONCILIATION        AUDIENCE              STATUS    REPAIRS  MISSING  EXTRA  \
                CREATED
                \(ids)  finished  yes      3        2      1970-01-01T00:00:00.000Z
                \(ids)  waiting   yes      -        -      1970-01-01T00:00:00.000Z
                """)
    }

    @Test func whatIsWaitedForIsSaid() {
        #expect(
            AudienceCommand.Reconcile.text(reconciliation(.waiting))
                == "rec_1111111111111111  waiting\nWait.")
    }

    @Test func forceIsAboutRepairs() {
        let id = "aud_2222222222222222"
        #expect(throws: (any Error).self) {
            try AudienceCommand.Reconcile.parse([id, "--force"])
        }
        #expect(throws: Never.self) {
            try AudienceCommand.Reconcile.parse([id, "--repair", "--force", "--watch"])
        }
    }

    @Test func cohortsStandBesideTheirAudiences() throws {
        let cohort = SavedCohort(id: try #require(ExternalID("21")), name: "Buyers", count: 1204)
        let now = Timestamp(milliseconds: 0)
        let audience = Audience(
            id: AudienceID.make(from: [UInt8](repeating: 2, count: 16)),
            connectionID: ConnectionID.make(from: [UInt8](repeating: 3, count: 16)),
            cohort: Cohort(projectID: nil, cohortID: cohort.id), memberCount: 1198, asOf: now,
            createdAt: now, updatedAt: now)
        let rows = [
            FeedingCohort(cohort: cohort, audience: audience),
            FeedingCohort(
                cohort: SavedCohort(id: try #require(ExternalID("22")), name: "Others"),
                audience: nil),
        ]
        #expect(
            ConnectionCommand.Cohorts.table(rows, at: now) == """
                COHORT  NAME    PEOPLE  AUDIENCE              MEMBERS  STATUS
                21      Buyers  1204    aud_2222222222222222  1198     live
                22      Others  -       -                     -        -
                """)
    }

    @Test(arguments: [
        ("mixpanel.com", false), ("https://mixpanel.com/", false), ("", false),
        ("https://user:pw@mixpanel.com", false), ("http://127.0.0.1:8080/us", true),
        ("http://mixpanel.example", false), ("http://127.0.0.1.example/us", false),
        ("https://eu.mixpanel.example:8443/eu", true), ("http://localhost", true),
    ])
    func theAddressOfMixpanelIsAWholeOne(value: String, isGood: Bool) async {
        let read = try? await MusterConfiguration.read(
            flags: ConfigurationFlags(), environment: ["MUSTER_MIXPANEL_US_URL": value])
        #expect(read?.mixpanel.us == (isGood ? value : nil))
    }
}

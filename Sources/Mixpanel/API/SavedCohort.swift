package import Audiences
internal import JSON

/// A cohort saved in a Mixpanel project (Query API, cohorts/list).
package struct SavedCohort: Sendable, Hashable {
    package var id: ExternalID
    /// Empty if Mixpanel does not tell.
    package var name: String
    package var description: String?
    /// How many people Mixpanel counts in it; more than it exports.
    package var count: Int?
    /// `YYYY-MM-DD HH:MM:SS`, in a zone Mixpanel does not name.
    package var createdAt: String?
    package var isVisible: Bool

    package init(
        id: ExternalID, name: String, description: String? = nil, count: Int? = nil,
        createdAt: String? = nil, isVisible: Bool = true
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.count = count
        self.createdAt = createdAt
        self.isVisible = isVisible
    }
}

extension MixpanelAPI {
    /// The cohorts saved in a project, in Mixpanel's order; one query of 60 an hour.
    package func cohorts(
        of project: ExternalID, in region: MixpanelRegion, _ credential: ServiceCredential
    ) async throws(MixpanelError) -> [SavedCohort] {
        try await cohorts(
            of: project, in: region, credential, within: MixpanelLimits.queryTimeout)
    }

    func cohorts(
        of project: ExternalID, in region: MixpanelRegion, _ credential: ServiceCredential,
        within timeout: Duration
    ) async throws(MixpanelError) -> [SavedCohort] {
        let query = FormEncoding.encode([("project_id", Array(project.text.utf8))])
        // Mixpanel takes nothing but POST here, though it only reads.
        let body = try await call(
            .post, "/api/query/cohorts/list?" + query, in: region, as: credential.authorization,
            form: [],
            timeout: timeout)
        guard let cohorts = SavedCohort.list(body) else {
            throw MixpanelError(.notMixpanel(.otherText), in: region)
        }
        return cohorts
    }
}

extension SavedCohort {
    private static let names = JSONNames([
        "id", "name", "description", "count", "created", "is_visible",
    ])

    /// `nil` if `body` is no list; what is no cohort in it is left out, and so is what goes beyond
    /// ``MixpanelLimits/cohortsMax``.
    static func list(_ body: [UInt8]) -> [SavedCohort]? {
        body.scanned { scanner throws(JSONError) -> [SavedCohort]? in
            var cohorts: [SavedCohort] = []
            let isList = try scanner.eachElement { scanner throws(JSONError) in
                let cohort = try SavedCohort(from: &scanner)
                guard let cohort, cohorts.count < MixpanelLimits.cohortsMax else { return }
                cohorts.append(cohort)
            }
            return isList ? cohorts : nil
        }
    }

    private init?(from scanner: inout JSONScanner) throws(JSONError) {
        var id: ExternalID?
        var name: String?
        var description: String?
        var count: Int?
        var createdAt: String?
        var isVisible = true
        try scanner.eachMember { scanner, key throws(JSONError) in
            switch Self.names.index(of: key, in: scanner.source) {
            case 0: id = try scanner.idValue()
            case 1: name = try scanner.textValue()
            case 2: description = try scanner.textValue()
            case 3: count = try scanner.intValue()
            case 4: createdAt = try scanner.textValue()
            case 5: isVisible = try scanner.intValue() != 0
            default: try scanner.skipped()
            }
        }
        guard let id else { return nil }
        self.init(
            id: id, name: name ?? "", description: description, count: count,
            createdAt: createdAt, isVisible: isVisible)
    }
}

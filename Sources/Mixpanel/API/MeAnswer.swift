internal import Audiences
internal import JSON

/// The answer of `GET /api/app/me`, which Mixpanel uses but does not document.
///
/// Everything but `results` being an object may be missing or of another kind.
struct MeAnswer {
    /// By their ids; of an id that is there twice, the last counts.
    private var projects: [ExternalID: Project] = [:]
    private(set) var isCut = false
    private var organizations: [ExternalID: String] = [:]

    private struct Project {
        let id: ExternalID
        var name = ""
        var organizationID: ExternalID?
        /// `nil` if there is none.
        var domain: String?
        var role: String?
        var permissions: [String] = []
    }

    private static let outerNames = JSONNames(["results"])
    private static let resultNames = JSONNames(["projects", "organizations"])
    private static let projectNames = JSONNames([
        "name", "organization_id", "domain", "role", "permissions",
    ])
    private static let organizationNames = JSONNames(["name"])

    /// `nil` if `body` is no such answer.
    init?(_ body: [UInt8]) {
        let found = body.scanned { scanner throws(JSONError) -> MeAnswer? in
            var answer = MeAnswer()
            var hasResults = false
            try scanner.eachMember { scanner, key throws(JSONError) in
                guard Self.outerNames.index(of: key, in: scanner.source) != nil else {
                    return try scanner.skipped()
                }
                hasResults = try answer.readResults(from: &scanner)
            }
            return hasResults ? answer : nil
        }
        guard let found else { return nil }
        self = found
    }

    private init() {}

    /// The account, its projects joined with their organisations and sorted.
    func account(in region: MixpanelRegion) -> MixpanelAccount {
        let projects = projects.values.map { project in
            FoundProject(
                id: project.id, name: project.name,
                organization: project.organizationID.flatMap { organizations[$0] },
                region: project.domain.map(MixpanelRegion.init(domain:)) ?? region,
                role: project.role, permissions: project.permissions)
        }
        return MixpanelAccount(
            region: region,
            projects: projects.sorted { left, right in
                left.name.utf8.elementsEqual(right.name.utf8)
                    ? left.id < right.id
                    : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
            }, isCut: isCut)
    }

    private mutating func readResults(
        from scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        try scanner.eachMember { scanner, key throws(JSONError) in
            switch Self.resultNames.index(of: key, in: scanner.source) {
            case 0: try readProjects(from: &scanner)
            case 1: try readOrganizations(from: &scanner)
            default: try scanner.skipped()
            }
        }
    }

    private mutating func readProjects(from scanner: inout JSONScanner) throws(JSONError) {
        try scanner.eachMember { scanner, key throws(JSONError) in
            guard projects.count < MixpanelLimits.projectsMax else {
                isCut = true
                return try scanner.skipped()
            }
            guard let id = IdentifierText(.string(key), in: scanner.source).id else {
                return try scanner.skipped()
            }
            projects[id] = try Self.project(id, from: &scanner)
        }
    }

    private static func project(
        _ id: ExternalID, from scanner: inout JSONScanner
    ) throws(JSONError) -> Project? {
        var project = Project(id: id)
        let isObject = try scanner.eachMember { scanner, key throws(JSONError) in
            switch projectNames.index(of: key, in: scanner.source) {
            case 0: project.name = try scanner.textValue() ?? ""
            case 1: project.organizationID = try scanner.idValue()
            case 2: project.domain = try scanner.textValue()
            case 3: project.role = try scanner.textValue()
            case 4: project.permissions = try permissions(from: &scanner)
            default: try scanner.skipped()
            }
        }
        return isObject ? project : nil
    }

    private static func permissions(
        from scanner: inout JSONScanner
    ) throws(JSONError) -> [String] {
        var permissions: [String] = []
        try scanner.eachElement { scanner throws(JSONError) in
            guard let text = try scanner.textValue(),
                permissions.count < MixpanelLimits.permissionsMax
            else { return }
            permissions.append(text)
        }
        return permissions
    }

    private mutating func readOrganizations(from scanner: inout JSONScanner) throws(JSONError) {
        try scanner.eachMember { scanner, key throws(JSONError) in
            let id = IdentifierText(.string(key), in: scanner.source).id
            var name: String?
            try scanner.eachMember { scanner, key throws(JSONError) in
                switch Self.organizationNames.index(of: key, in: scanner.source) {
                case 0: name = try scanner.textValue()
                default: try scanner.skipped()
                }
            }
            guard organizations.count < MixpanelLimits.projectsMax, let id, let name else { return }
            organizations[id] = name
        }
    }
}

extension JSONScanner {
    /// Passes over the next value.
    mutating func skipped() throws(JSONError) { _ = try wholeValue() }
}

internal import JSON

/// The fields of a call as they stand in the body, in whatever order they came.
///
/// Reads everything before anything is judged, because the answer to a bad `parameters` echoes
/// an `action` that may come after it. The members are read on the way, in one pass.
struct CohortSyncEnvelope {
    var action: JSONScanner.Value?
    /// The kind of `parameters`; its fields are below.
    var parameters: JSONScanner.Value?
    var projectID: JSONScanner.Value?
    var cohortID: JSONScanner.Value?
    var cohortName: JSONScanner.Value?
    var cohortDescription: JSONScanner.Value?
    var sessionID: JSONScanner.Value?
    var pageInfo: PageInfo?
    /// The kind of `parameters.members`; the members themselves are in the parser.
    var members: JSONScanner.Value?
    /// A `members` beside `parameters` instead of in it, as one capture shows, to be read if
    /// there is none inside.
    var outerMembers: (kind: JSONScanner.Value, start: JSONScanner)?
    /// A field that was given twice, so that nobody can say what the call means.
    var repeatedField: String?

    private static let outerNames = JSONNames(["action", "parameters", "members"])
    private static let innerNames = JSONNames([
        "members", "mixpanel_cohort_id", "mixpanel_project_id", "mixpanel_session_id",
        "page_info", "mixpanel_cohort_name", "mixpanel_cohort_description",
    ])

    /// Reads the fields of the object that `scanner` has just begun.
    init(
        from scanner: inout JSONScanner, members parser: inout MemberParser
    ) throws(JSONError) {
        while let key = try scanner.nextKey() {
            switch Self.outerNames.index(of: key, in: scanner.source) {
            case 0:
                note(action, "action")
                action = try scanner.wholeValue()
            case 1:
                note(parameters, "parameters")
                let kind = try scanner.value()
                parameters = kind
                try readParameters(kind, from: &scanner, members: &parser)
            case 2:
                note(outerMembers?.kind, "members")
                let start = scanner
                outerMembers = (try scanner.wholeValue(), start)
            default:
                try scanner.skipValue()
            }
        }
    }

    private mutating func readParameters(
        _ kind: JSONScanner.Value, from scanner: inout JSONScanner,
        members parser: inout MemberParser
    ) throws(JSONError) {
        guard case .object = kind else {
            try scanner.skipRest(of: kind)
            return
        }
        while let key = try scanner.nextKey() {
            try readParameter(key, from: &scanner, members: &parser)
        }
    }

    private mutating func readParameter(
        _ key: JSONText, from scanner: inout JSONScanner, members parser: inout MemberParser
    ) throws(JSONError) {
        switch Self.innerNames.index(of: key, in: scanner.source) {
        case 0:
            note(members, "parameters.members")
            members = try parser.readList(from: &scanner)
        case 1:
            note(cohortID, "parameters.mixpanel_cohort_id")
            cohortID = try scanner.wholeValue()
        case 2:
            note(projectID, "parameters.mixpanel_project_id")
            projectID = try scanner.wholeValue()
        case 3:
            note(sessionID, "parameters.mixpanel_session_id")
            sessionID = try scanner.wholeValue()
        case 4:
            note(pageInfo, "parameters.page_info")
            pageInfo = try PageInfo(from: &scanner)
        case 5:
            cohortName = try scanner.wholeValue()
        case 6:
            cohortDescription = try scanner.wholeValue()
        default:
            try scanner.skipValue()
        }
    }

    private mutating func note<Earlier>(_ earlier: Earlier?, _ field: String) {
        if earlier != nil, repeatedField == nil { repeatedField = field }
    }
}

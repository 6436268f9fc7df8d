internal import JSON

/// What an answer of engage says beside its results.
struct EngageHeader {
    private(set) var resultCount = 0
    private(set) var page: Int?
    private(set) var pageSize: Int?
    private(set) var sessionID: String?
    private(set) var total: Int?

    /// Mixpanel's page size, for an answer that does not tell.
    static let resultsExpected = 1000

    private static let names = JSONNames(["results", "session_id", "page", "page_size", "total"])

    /// What comes after a page.
    enum Continuation {
        case end
        case page(Int, session: String)
        /// The page was full, and there is no way to ask for another.
        case lost
    }

    /// Reads an answer; `result` must read one of its results.
    ///
    /// - Returns: whether it is an object with a list of results.
    mutating func read(
        from scanner: inout JSONScanner,
        _ result: (inout JSONScanner) throws(JSONError) -> Void
    ) throws(JSONError) -> Bool {
        var hasResults = false
        try scanner.eachMember { scanner, key throws(JSONError) in
            switch Self.names.index(of: key, in: scanner.source) {
            case 0:
                hasResults = try scanner.eachElement { scanner throws(JSONError) in
                    resultCount += 1
                    try result(&scanner)
                }
            case 1: sessionID = try scanner.textValue()
            case 2: page = try scanner.intValue()
            case 3: pageSize = try scanner.intValue()
            case 4: total = try scanner.intValue()
            default: try scanner.skipped()
            }
        }
        return hasResults
    }

    /// A page that is not full is the last.
    ///
    /// `total` says nothing about it, and an absent `session_id` only that nobody can go on.
    func continuation(after asked: Int) -> Continuation {
        let size = pageSize.flatMap { $0 > 0 ? $0 : nil } ?? Self.resultsExpected
        guard resultCount >= min(size, Self.resultsExpected), resultCount > 0 else { return .end }
        guard let sessionID, !sessionID.isEmpty, asked < MixpanelLimits.engagePagesMax - 1,
            page == nil || page == asked
        else { return .lost }
        return .page(asked + 1, session: sessionID)
    }
}

package import Audiences
internal import JSON

/// A page of the people in a cohort.
package struct EngagePage: Sendable {
    /// The usable people, in order.
    ///
    /// One may be there twice, and again on other pages: who collects them must count each
    /// distinct id once.
    package var members: [MemberRecord]
    /// What could not be used of it.
    package var notes: PageNotes
    /// How many Mixpanel says there are, on this page or in all: its own documents and its
    /// clients disagree, so it is good for a progress bar only.
    package var total: Int?
    package var next: Next

    /// What comes after a page.
    package enum Next: Sendable, Hashable {
        /// Nothing: all people were seen.
        case end
        case page(EngageQuery)
        /// The page was full, and there is no way to ask for another: nobody can say who else is
        /// in the cohort, so a person not seen must not be taken as gone.
        case lost
    }
}

extension MixpanelAPI {
    /// A page of the people in a cohort; one query of 60 an hour.
    package func engage(
        _ query: EngageQuery, _ credential: ServiceCredential
    ) async throws(MixpanelError) -> EngagePage {
        let project = FormEncoding.encode([("project_id", Array(query.project.text.utf8))])
        let body = try await call(
            .post, "/api/query/engage?" + project, in: query.region, as: credential.authorization,
            form: query.form, timeout: MixpanelLimits.queryTimeout)
        guard let page = EngagePage(body, to: query) else {
            throw MixpanelError(.notMixpanel(.otherText), in: query.region)
        }
        return page
    }
}

extension EngagePage {
    /// `nil` if `body` is no answer to `query`.
    init?(_ body: [UInt8], to query: EngageQuery) {
        let answer = body.scanned { scanner throws(JSONError) -> EngageAnswer? in
            var answer = EngageAnswer(query)
            return try answer.read(from: &scanner) ? answer : nil
        }
        guard let answer else { return nil }
        members = Array(answer.members)
        notes = answer.notes
        total = answer.header.total
        next = Self.next(after: answer, to: query)
    }

    private static func next(after answer: EngageAnswer, to query: EngageQuery) -> Next {
        switch answer.header.continuation(after: query.page) {
        case .end: .end
        case .page(let page, let session): .page(query.asking(forPage: page, of: session))
        case .lost: .lost
        }
    }
}

/// An answer of engage while it is read, in one pass.
private struct EngageAnswer {
    private(set) var members = MemberList()
    private(set) var notes = PageNotes()
    private(set) var header = EngageHeader()
    private var draft: MemberDraft
    /// The reference property, then the traits.
    private let properties: JSONNames
    private let reference: String
    private let traits: [String]

    private static let resultNames = JSONNames(["$distinct_id", "$properties"])

    init(_ query: EngageQuery) {
        reference = query.referenceProperty
        traits = query.traitsAllowed
        properties = JSONNames([query.referenceProperty] + query.traitsAllowed)
        draft = MemberDraft(traitNames: query.traitsAllowed)
    }

    /// - Returns: whether it is an object with a list of results.
    mutating func read(from scanner: inout JSONScanner) throws(JSONError) -> Bool {
        var header = EngageHeader()
        let hasResults = try header.read(from: &scanner) { scanner throws(JSONError) in
            try readResult(from: &scanner)
        }
        self.header = header
        return hasResults
    }

    private mutating func readResult(from scanner: inout JSONScanner) throws(JSONError) {
        draft.reset()
        let isObject = try scanner.eachMember { scanner, key throws(JSONError) in
            switch Self.resultNames.index(of: key, in: scanner.source) {
            case 0: draft.distinctID = try scanner.wholeValue()
            case 1: try readProperties(from: &scanner)
            default: try scanner.skipped()
            }
        }
        guard isObject else {
            notes.unusable[.notAnObject, default: 0] += 1
            return
        }
        draft.finish(in: scanner.source, &members, &notes)
    }

    private mutating func readProperties(from scanner: inout JSONScanner) throws(JSONError) {
        try scanner.eachMember { scanner, key throws(JSONError) in
            let index = properties.index(of: key, in: scanner.source)
            let value = try scanner.wholeValue()
            guard let index else { return }
            if index == 0 { draft.reference = value }
            // The reference may be wanted as a trait, too, where its name is found first.
            let trait = index > 0 ? index - 1 : referenceTrait
            if let trait { draft.setTrait(trait, value) }
        }
    }

    private var referenceTrait: Int? {
        traits.firstIndex { $0.utf8.elementsEqual(reference.utf8) }
    }
}

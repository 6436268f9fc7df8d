internal import Audiences
internal import JSON

/// A page of a project's people.
package struct UserPage: Sendable {
    /// Each in Mixpanel's own JSON, checked but not changed:
    /// `{"$distinct_id":…,"$properties":{…}}`.
    ///
    /// One may be there twice, and again on other pages.
    package var users: [[UInt8]]
    /// How many Mixpanel puts on a page, 1000, if it tells.
    package var pageSize: Int?
    /// How many Mixpanel says there are; good for a progress bar only.
    package var total: Int?
    package var next: Next

    /// What comes after a page.
    package enum Next: Sendable, Hashable {
        case end
        case page(UserQuery)
        /// The page was full, and there is no way to ask for another.
        case lost
    }
}

extension MixpanelAPI {
    /// A page of a project's people; one query of 60 an hour.
    ///
    /// - Throws: ``ProviderError``; that of a page whose session Mixpanel has forgotten is a 400.
    package func users(
        _ query: UserQuery, as access: ProjectAccess
    ) async throws(ProviderError) -> UserPage {
        let response = try await self.query(
            .post, "/api/query/engage", form: query.form, as: access)
        guard let page = UserPage(response.body, to: query) else {
            throw .unknownShape(response, in: access.region)
        }
        return page
    }
}

extension UserPage {
    /// `nil` if `body` is no answer to `query`.
    init?(_ body: [UInt8], to query: UserQuery) {
        var header = EngageHeader()
        let found = body.scanned { scanner throws(JSONError) -> [[UInt8]]? in
            var users: [[UInt8]] = []
            let isAnswer = try header.read(from: &scanner) { scanner throws(JSONError) in
                users.append(try scanner.recordValue())
            }
            return isAnswer ? users : nil
        }
        guard let found else { return nil }
        users = found
        pageSize = header.pageSize
        total = header.total
        switch header.continuation(after: query.page) {
        case .end: next = .end
        case .lost: next = .lost
        case .page(let page, let session):
            var later = query
            later.page = page
            later.sessionID = session
            next = .page(later)
        }
    }
}

extension JSONScanner {
    /// The next value as it is written, whatever it is.
    mutating func recordValue() throws(JSONError) -> [UInt8] {
        let range = try skipValue()
        return Array(source.slice(range))
    }
}

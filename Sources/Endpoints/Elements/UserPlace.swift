import Audiences
import JSON
import Mixpanel

/// A place among people: a page of Mixpanel's and how many of it were answered before.
///
/// As text `p1.<page>.<offset>.<session in base64url>`, whose form is nobody's business: it goes
/// into a header and comes back in a query, escaped or not.
struct UserPlace: Hashable {
    var page = 0
    var offset = 0
    var sessionID: String?

    init(page: Int = 0, sessionID: String? = nil) {
        self.page = page
        self.sessionID = sessionID
    }

    /// - Throws: `invalid` if the text is no place.
    init(_ text: String) throws(Failure) {
        let parts = text.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "p1", let page = Int(plainDecimal: parts[1].utf8),
            let offset = Int(plainDecimal: parts[2].utf8),
            (0...MixpanelLimits.engagePagesMax).contains(page), offset >= 0,
            let session = UnpaddedBase64.url.decode(parts[3].utf8)
        else {
            throw Failure(.invalid, "nextPage is none of this list; start from the first page.")
        }
        self.page = page
        self.offset = offset
        sessionID = session.isEmpty ? nil : String(decoding: session, as: UTF8.self)
    }

    var text: String {
        "p1.\(page).\(offset)." + UnpaddedBase64.url.encode(Array((sessionID ?? "").utf8))
    }
}

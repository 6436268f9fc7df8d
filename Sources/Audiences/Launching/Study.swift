/// A piece of research that people are invited to; the asking itself happens elsewhere, at
/// ``launchURL``.
package struct Study: Sendable, Hashable {
    package var id: StudyID
    package var connectionID: ConnectionID
    package var name: String
    package var status: Status
    package var launchURL: LaunchURL
    package var opensIn: LaunchSurface
    package var capacity: StudyCapacity
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package enum Status: String, Sendable, Hashable, CaseIterable {
        case draft
        case active
        /// Nobody new starts; who has started finishes.
        case paused
        /// As paused, for good.
        case closed

        /// Whether an operator may set `next`; setting what is changes nothing.
        package func mayBecome(_ next: Status) -> Bool {
            switch (self, next) {
            case (.closed, _): next == .closed
            case (_, .draft): self == .draft
            case (.draft, .paused): false
            default: true
            }
        }
    }

    package init(
        id: StudyID, connectionID: ConnectionID, name: String, status: Status = .draft,
        launchURL: LaunchURL, opensIn: LaunchSurface = .webview,
        capacity: StudyCapacity = StudyCapacity(), createdAt: Timestamp
    ) {
        self.id = id
        self.connectionID = connectionID
        self.name = name
        self.status = status
        self.launchURL = launchURL
        self.opensIn = opensIn
        self.capacity = capacity
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

/// Where a study is opened.
package enum LaunchSurface: String, Sendable, Hashable, CaseIterable {
    case webview
    case externalBrowser = "external_browser"
}

/// How many people may start a study; `nil` is no limit.
package struct StudyCapacity: Sendable, Hashable {
    /// Starts since Monday, 00:00 UTC.
    package var weekly: Int?
    /// Starts since the first of the month, 00:00 UTC.
    package var monthly: Int?

    package init(weekly: Int? = nil, monthly: Int? = nil) {
        self.weekly = weekly
        self.monthly = monthly
    }
}

/// How many people have started a study, in the periods of its ``StudyCapacity``.
package struct StudyStarts: Sendable, Hashable {
    package var thisWeek: Int
    package var thisMonth: Int

    package init(thisWeek: Int = 0, thisMonth: Int = 0) {
        self.thisWeek = thisWeek
        self.thisMonth = thisMonth
    }
}

/// The address of a study: HTTPS, with the invite's code put in.
///
/// `{invite_code}` and `{reference_id}` are replaced by the percent-encoded values; without any
/// placeholder `invite_code=` is added to the query. Nothing personal is sent unless the operator
/// wrote its placeholder.
package struct LaunchURL: Sendable, Hashable {
    package let template: String

    /// `nil` unless it is an `https://` address of at most ``Limits/launchURLBytesMax`` visible
    /// ASCII characters with a host and no user information.
    package init?(_ template: String) {
        let scheme = "https://"
        let bytes = template.utf8
        guard bytes.count <= Limits.launchURLBytesMax, bytes.starts(with: scheme.utf8),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        let authority = bytes.dropFirst(scheme.utf8.count)
            .prefix { !"/?#".utf8.contains($0) }
        guard let first = authority.first, first != UInt8(ascii: ":"),
            !authority.contains(UInt8(ascii: "@")), !authority.contains(UInt8(ascii: "{"))
        else { return nil }
        self.template = template
    }

    package func filled(code: InviteCode, referenceID: ExternalID?) -> String {
        let code = Self.encoded(code.text)
        let reference = referenceID.map { Self.encoded($0.text) } ?? ""
        let filled = Self.replacing(
            "{reference_id}", in: Self.replacing("{invite_code}", in: template, by: code),
            by: reference)
        return sameBytes(filled, template) ? adding(code) : filled
    }

    /// Before the fragment, behind what query there is.
    private func adding(_ code: String) -> String {
        let parts = template.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let base = parts.first.map(String.init) ?? template
        let mark = base.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
        let fragment = parts.count > 1 ? "#" + parts[1] : ""
        return base + mark + "invite_code=" + code + fragment
    }

    private static func replacing(_ mark: String, in text: String, by value: String) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        let mark = Array(mark.utf8)
        while let first = rest.first {
            if rest.starts(with: mark) {
                result += Array(value.utf8)
                rest = rest.dropFirst(mark.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

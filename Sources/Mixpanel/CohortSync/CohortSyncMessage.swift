package import Audiences
package import HTTPWire
internal import JSON

/// One call of Mixpanel's custom webhook: a page of an export of a cohort.
///
/// https://docs.mixpanel.com/docs/cohort-sync/webhooks. Refuses only what can't be attributed;
/// odd members, page numbers and values are counted in the page and never guessed. Undocumented
/// fields are ignored.
package struct CohortSyncMessage: Sendable {
    package let page: SyncPage

    /// The action as received, for the answer.
    package var action: String { page.action.rawValue }

    /// The longest unknown action that is echoed, in bytes; the known ones have up to 14.
    package static let echoedActionBytesMax = 64

    /// Reads a body, decoded from its content coding, as `connection` wants its members.
    package init(
        parsing body: BodyBuffer, for connection: Connection
    ) throws(CohortSyncRefusal) {
        let result = body.withUnsafeBytes { bytes in
            Result { () throws(CohortSyncRefusal) in
                try CohortSyncMessage(parsing: bytes, for: connection)
            }
        }
        self = try result.get()
    }

    /// Reads a body in place, which may begin with a byte order mark.
    package init(
        parsing body: UnsafeRawBufferPointer, for connection: Connection
    ) throws(CohortSyncRefusal) {
        let reader: CohortSyncReader
        do {
            reader = try CohortSyncReader(body, for: connection)
        } catch {
            throw CohortSyncRefusal("The body is not JSON: \(error).")
        }
        page = try reader.page()
    }
}

/// Reads a whole body first, and judges it then.
private struct CohortSyncReader {
    /// `nil` if the body is JSON, but no object.
    private var envelope: CohortSyncEnvelope?
    private var members: MemberParser
    private let source: JSONSource

    init(_ body: UnsafeRawBufferPointer, for connection: Connection) throws(JSONError) {
        var scanner = JSONScanner(body, skippingBOM: true)
        members = MemberParser(for: connection)
        source = scanner.source
        let value = try scanner.value()
        if case .object = value {
            let envelope = try CohortSyncEnvelope(from: &scanner, members: &members)
            try scanner.finish()
            if envelope.members == nil || envelope.members == .null,
                var outer = envelope.outerMembers?.start
            {
                _ = try members.readList(from: &outer)
            }
            self.envelope = envelope
        } else {
            try scanner.skipRest(of: value)
            try scanner.finish()
        }
    }

    func page() throws(CohortSyncRefusal) -> SyncPage {
        guard let envelope else { throw CohortSyncRefusal("The body is not a JSON object.") }
        let echo = echoedAction(envelope.action)
        if let field = envelope.repeatedField {
            throw CohortSyncRefusal("\(field) appears twice.", action: echo)
        }
        let action = try action(of: envelope, echo)
        switch envelope.parameters {
        case .object: break
        case nil: throw CohortSyncRefusal("parameters is missing.", action: echo)
        default: throw CohortSyncRefusal("parameters is not an object.", action: echo)
        }
        let cohortID = try cohortID(of: envelope, echo)
        try checkMembers(of: envelope, echo)
        return SyncPage(
            action: action,
            cohort: Cohort(
                projectID: IdentifierText(envelope.projectID, in: source).id,
                cohortID: cohortID,
                name: displayText(envelope.cohortName),
                description: displayText(envelope.cohortDescription)),
            sessionID: IdentifierText(envelope.sessionID, in: source).id,
            position: envelope.pageInfo?.position(in: source) ?? .absent,
            members: members.members, notes: members.notes)
    }

    private func action(
        of envelope: CohortSyncEnvelope, _ echo: String?
    ) throws(CohortSyncRefusal) -> SyncAction {
        switch envelope.action {
        case .string:
            if let echo, let action = SyncAction.allCases.first(where: { $0.isNamed(echo) }) {
                return action
            }
            throw CohortSyncRefusal(
                "action is none of members, add_members and remove_members.", action: echo)
        case nil:
            throw CohortSyncRefusal("action is missing.")
        default:
            throw CohortSyncRefusal("action is not a text.")
        }
    }

    private func cohortID(
        of envelope: CohortSyncEnvelope, _ echo: String?
    ) throws(CohortSyncRefusal) -> ExternalID {
        let complaint: String
        switch IdentifierText(envelope.cohortID, in: source) {
        case .usable(let id): return id
        case .missing: complaint = "is missing"
        case .unusable(.idEmpty): complaint = "is empty"
        case .unusable(.idTooLong):
            complaint = "is longer than \(Limits.externalIDBytesMax) bytes"
        case .unusable(.idNotUnicode): complaint = "holds a NUL or half a surrogate pair"
        case .unusable: complaint = "is neither a text nor a number"
        }
        throw CohortSyncRefusal("parameters.mixpanel_cohort_id \(complaint).", action: echo)
    }

    /// No list, like an empty one, is what a sync without changes may look like.
    private func checkMembers(
        of envelope: CohortSyncEnvelope, _ echo: String?
    ) throws(CohortSyncRefusal) {
        let isInner = envelope.members != nil && envelope.members != .null
        switch isInner ? envelope.members : envelope.outerMembers?.kind {
        case nil, .null, .array: return
        default:
            let field = isInner ? "parameters.members" : "members"
            throw CohortSyncRefusal("\(field) is not an array.", action: echo)
        }
    }

    /// The action if it can be sent back exactly as it came.
    private func echoedAction(_ value: JSONScanner.Value?) -> String? {
        guard case .string(let text) = value, let action = source.unicode(text),
            action.utf8.count <= CohortSyncMessage.echoedActionBytesMax
        else { return nil }
        return action
    }

    /// A text that is only ever shown: mended rather than refused, and cut if it is too long.
    private func displayText(_ value: JSONScanner.Value?) -> String? {
        guard case .string(let text) = value else { return nil }
        var plain: [UInt8] = []
        _ = source.unescape(text, into: &plain)
        plain.removeAll { $0 == 0 }
        // Scalars, because a single Character can be of any length.
        let scalars = String(decoding: plain, as: UTF8.self).unicodeScalars
        return String(scalars.prefix(Limits.nameCharactersMax))
    }
}

extension SyncAction {
    fileprivate func isNamed(_ text: String) -> Bool {
        rawValue.utf8.elementsEqual(text.utf8)
    }
}

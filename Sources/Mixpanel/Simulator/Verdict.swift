package import Audiences
internal import JSON

/// What Mixpanel makes of an answer (its custom-webhook page, responses and error handling).
package enum Verdict: Sendable, Hashable {
    case accepted
    /// Neither taken nor refused: sent again.
    case retry(why: String)
    /// The sync is paused until a person resumes it.
    case paused(status: Int, message: String?)
    /// A success that does not say so in Mixpanel's words; what it does then is not documented.
    case misanswered(why: String)

    package init(status: Int, body: [UInt8], to action: SyncAction) {
        switch status {
        case 200..<300:
            self = Self.success(status: status, body: body, action: action)
        case 429, 500..<600:
            self = .retry(why: "status \(status)")
        case 400..<500:
            // Documented for 400, 401, 403 and 404 only; receivers should send no others.
            self = .paused(status: status, message: Self.message(in: body))
        default:
            self = .misanswered(why: "status \(status)")
        }
    }

    private static func success(status: Int, body: [UInt8], action: SyncAction) -> Verdict {
        guard let answer = try? JSONValue(parsing: body).object else {
            return .misanswered(why: "status \(status) without a JSON object")
        }
        guard answer["action"]?.string == action.rawValue else {
            return .misanswered(why: "status \(status) without the action of the request")
        }
        guard answer["status"]?.string == "success" else {
            return .misanswered(why: "status \(status) without success")
        }
        return .accepted
    }

    /// `error.message`, without what could move the cursor of a terminal.
    private static func message(in body: [UInt8]) -> String? {
        guard let answer = try? JSONValue(parsing: body).object,
            let message = answer["error"]?.object?["message"]?.string
        else { return nil }
        let printable = message.unicodeScalars.prefix(messageScalarsMax).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: Unicode.Scalar(" ")
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(printable))
    }

    /// A sentence or two; whoever answers more does not mean a person.
    package static let messageScalarsMax = 500
}

import Foundation

/// What one check of the doctor found.
struct Finding: Sendable, Hashable {
    enum Status: String, Sendable, Hashable {
        case ok
        /// It works, and will not for ever, or less well than it could.
        case warn
        /// Something does not work.
        case fail
    }

    /// What was looked at.
    let check: String
    let status: Status
    /// One sentence.
    let sentence: String
    /// What to do; `nil` if nothing is to be done.
    let fix: String?

    static func ok(_ check: String, _ sentence: String) -> Finding {
        Finding(check: check, status: .ok, sentence: sentence, fix: nil)
    }

    static func warn(_ check: String, _ sentence: String, fix: String) -> Finding {
        Finding(check: check, status: .warn, sentence: sentence, fix: fix)
    }

    static func fail(_ check: String, _ sentence: String, fix: String) -> Finding {
        Finding(check: check, status: .fail, sentence: sentence, fix: fix)
    }

    /// A line for people.
    var line: String {
        let mark = status.rawValue.padding(toLength: 6, withPad: " ", startingAt: 0)
        return "\(mark)\(check): \(sentence)" + (fix.map { " → \($0)" } ?? "")
    }
}

/// The one error of the domain and of its stores.
///
/// Three readers: ``code`` is for the program, ``message`` for the caller, ``detail`` for the
/// operator's log. Neither text may hold a secret or a person's data.
package struct Failure: Error, Sendable, Hashable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The caller sent something that can never work.
        case invalid
        /// What the caller named does not exist.
        case notFound = "not_found"
        /// The state of things forbids it.
        case conflict
        /// What the caller named existed, and has been removed since.
        case gone
        /// Our own trouble that will pass: a locked store, a full disk, a drain. Retry.
        case unavailable
        /// Our own trouble that will not pass by itself: a bug, a damaged store.
        case `internal`
    }

    package let code: Code
    /// One sentence that says what to do.
    package let message: String
    /// What the operator needs beside it; empty if nothing.
    package let detail: String

    package init(_ code: Code, _ message: String, detail: String = "") {
        self.code = code
        self.message = message
        self.detail = detail
    }
}

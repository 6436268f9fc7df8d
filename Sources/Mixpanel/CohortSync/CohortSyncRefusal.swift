/// Why a cohort-sync call can't be taken: only a person at Mixpanel's side can mend it.
///
/// Answered 400, which pauses the customer's sync, so it is kept for calls that can't be
/// attributed: no JSON, no known action, no cohort, no list of members.
package struct CohortSyncRefusal: Error, Sendable, Hashable {
    /// One sentence for Mixpanel's UI; names the field, and holds nothing of the body.
    package let message: String
    /// The action to echo; `nil` if there was none, or none that can be echoed.
    package let action: String?

    package init(_ message: String, action: String? = nil) {
        self.message = message
        self.action = action
    }
}

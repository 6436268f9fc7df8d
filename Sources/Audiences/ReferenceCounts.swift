/// What the pages of a session did to reference ids: counts, never the ids.
package struct ReferenceCounts: Sendable, Hashable {
    /// People whose reference id became another one.
    package var changed: Int
    /// People who were given a reference id that somebody else of the connection has too.
    package var shared: Int

    package init(changed: Int = 0, shared: Int = 0) {
        self.changed = changed
        self.shared = shared
    }

    package mutating func add(_ other: ReferenceCounts) {
        changed += other.changed
        shared += other.shared
    }
}

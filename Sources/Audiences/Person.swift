/// One `mixpanel_distinct_id` of a connection with its latest reference id and traits.
package struct Person: Sendable, Hashable {
    package var distinctID: ExternalID
    package var referenceID: ExternalID?
    package var traits: [Trait]

    package init(distinctID: ExternalID, referenceID: ExternalID? = nil, traits: [Trait] = []) {
        self.distinctID = distinctID
        self.referenceID = referenceID
        self.traits = traits
    }

    /// The id an app looks this person up by: the reference id if there is one, else the distinct
    /// id.
    ///
    /// A person with a reference id is **not** found by their distinct id.
    package var matchID: ExternalID { referenceID ?? distinctID }

    /// Takes over what a page says; false if that changed nothing.
    @discardableResult
    package mutating func update(from record: MemberRecord) -> Bool {
        let before = self
        switch record.reference {
        case .absent: break
        case .cleared: referenceID = nil
        case .set(let id): referenceID = id
        }
        traits.take(record.traits)
        return self != before
    }
}

/// A person in an audience.
package struct Member: Sendable, Hashable {
    package var person: Person
    package var enteredAt: Timestamp

    package init(person: Person, enteredAt: Timestamp) {
        self.person = person
        self.enteredAt = enteredAt
    }
}

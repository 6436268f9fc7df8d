import Audiences

extension LaunchHistory {
    /// What a store tells an app at once is what the model says, now, later and now again; and
    /// nothing at all where an invite has to be made.
    mutating func compareAtOnce(_ side: Side, _ model: Side) throws {
        let hours: [Int64] = [0, 1, 2, 24, 48]
        for person in [pick(Self.people), pick(Self.people), "stranger", nil] {
            let later = pick([
                now.nextDayBegin, now.nextDayBegin.after(-1), now.after(hours: pick(hours)),
                now.after(hours: pick(hours)).after(-1),
            ])
            for time in [now, now, max(now, later), now] {
                let told = tell(person, by: side, at: time)
                let expected = tell(person, by: model, at: time)
                if let told, !told.isWritten { repeatedCount += 1 }
                // What can't be told at once may be told on the ordinary way.
                if told == nil, expected != nil { continue }
                try expect(told?.text, expected?.text)
            }
        }
    }

    /// `nil` if nothing is told at once; `isWritten` if it was written for this.
    private func tell(
        _ person: String?, by side: Side, at time: Timestamp
    ) -> (text: String, isWritten: Bool)? {
        var isWritten = false
        let bytes = side.rig.store.configurationAtOnce(
            for: person.map { .make($0) }, of: .make(), at: time
        ) { found in
            isWritten = true
            let invite = side.told(found.pending?.invite)
            let prompt = String(describing: found.pending?.prompt)
            return Array("\(found.events) \(invite) \(prompt)".utf8)
        }
        return bytes.map { (String(decoding: $0, as: UTF8.self), isWritten) }
    }
}

extension Eligibility {
    /// Until when a decision holds if nothing but time passes: the first moment after `now` at
    /// which ``decide(among:on:for:connectionCooldownHours:at:)`` may say something else of the
    /// same person and the same rules.
    ///
    /// Weeks and months, in which starts are counted anew, begin at midnight: so no later than
    /// that.
    package static func end(
        ofDecisionAmong candidates: [LaunchCandidate], for person: LaunchPerson,
        connectionCooldownHours: Int?, at now: Timestamp
    ) -> Timestamp {
        var moments = [now.nextDayBegin]
        for candidate in candidates {
            let schedule = candidate.rule.schedule
            moments += [schedule.startsAt, schedule.endsAt].compactMap(\.self)
        }
        for invite in person.invites {
            guard let touched = invite.touchedAt else { continue }
            let rule = candidates.first { $0.rule.id == invite.ruleID }?.rule
            moments += [rule?.pacing.cooldownHours, connectionCooldownHours].compactMap { hours in
                hours.flatMap { touched.adding(hours: $0) }
            }
        }
        return moments.filter { $0 > now }.min() ?? now
    }
}

extension Timestamp {
    /// `nil` if there is no such moment.
    fileprivate func adding(hours: Int) -> Timestamp? {
        let (span, isTooLong) = Int64(hours).multipliedReportingOverflow(by: 3_600_000)
        let (moment, isTooLate) = milliseconds.addingReportingOverflow(span)
        return isTooLong || isTooLate ? nil : Timestamp(milliseconds: moment)
    }
}

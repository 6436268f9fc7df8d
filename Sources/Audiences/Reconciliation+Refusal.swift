extension Reconciliation {
    /// Why the differences had better not be mended without somebody having looked at them; `nil`
    /// if nothing speaks against it.
    ///
    /// Adding people is as safe as Mixpanel's list; removing them is as safe as its completeness.
    /// A list that is empty, that is shorter than announced, or that would empty half of an
    /// audience is more often a mistake of somebody's than the truth.
    ///
    /// - Parameters:
    ///   - found: what the comparison found.
    ///   - fraction: the connection's guard; ``Limits/repairMaxRemoved`` if it has none.
    /// - Returns: one sentence.
    package func refusal(
        of found: Differences, guardedBy fraction: RemovedFraction?
    ) -> String? {
        guard !isForced, found.extra > 0 else { return nil }
        let members = found.extra + found.matching
        let removal = "mending would remove \(found.extra) of \(members) members"
        if progress.peopleRead == 0 {
            return "Mixpanel's list is empty, and \(removal)" + Self.advice
        }
        if let total = progress.peopleTotal, progress.peopleRead < total {
            return "Mixpanel listed only \(progress.peopleRead) of \(total) people, and \(removal)"
                + Self.advice
        }
        if (fraction ?? Limits.repairMaxRemoved).isExceeded(by: found.extra, of: members) {
            return "\(removal.prefix(1).uppercased())\(removal.dropFirst())" + Self.advice
        }
        return nil
    }

    private static let advice = ": look at the differences, then reconcile by force."
}

extension Reconciliation {
    /// What was asked for, for the audit log.
    package var settings: [String] {
        [repairs ? "repair" : nil, isForced ? "force" : nil].compactMap(\.self)
    }
}

extension Reconciliation.Differences {
    /// How mending them is logged.
    package var repairNote: AuditNote {
        AuditNote(.reconciliationRepaired, ["missing \(missing)", "extra \(extra)"])
    }
}

extension SyncSession {
    /// The session under which the differences of a reconciliation are mended.
    package static func repairSession(_ id: ReconciliationID) -> ExternalID? {
        ExternalID("reconcile-\(id.text)")
    }

    /// Counts people whom a reconciliation adds or removes, as a page.
    ///
    /// It never completes a sync: Mixpanel did not send it.
    package mutating func mend(_ page: SyncPage, at now: Timestamp) -> Change {
        pagesReceived += 1
        membersReceived += page.entryCount
        notes.add(page.notes)
        finishedAt = now
        return Change(effect: action == .removeMembers ? .remove : .add)
    }
}

extension SimulatedMixpanel {
    /// Attaches cohorts to a webhook, as a person does in Mixpanel.
    ///
    /// - Returns: the id of the destination.
    @discardableResult
    package mutating func addDestination(
        url: String, username: String?, secret: String, cohorts: [String]
    ) throws(SimulatorRefusal) -> String {
        guard url.utf8.starts(with: "http://".utf8) || url.utf8.starts(with: "https://".utf8)
        else { throw SimulatorRefusal("The URL must begin with http:// or https://.") }
        guard destinations.count < SimulatorLimits.thingsMax else {
            throw SimulatorRefusal("There can't be another destination.")
        }
        for cohort in cohorts where world.cohort(cohort) == nil {
            throw SimulatorRefusal("There is no cohort \(cohort).")
        }
        let id = "\(destinations.count + 1)"
        var destination = SimulatedDestination(
            id: id, url: url, username: username, secret: secret)
        destination.syncs = cohorts.map { ($0, newSync()) }
        destinations.append(destination)
        return id
    }

    private func newSync() -> SimulatedSync {
        SimulatedSync(
            pageSize: settings.pageSize, fullSyncAction: settings.fullSyncAction,
            retries: RetrySchedule(scale: settings.retryScale))
    }

    mutating func addDestination(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("url", "username", "secret", "cohorts")
        try addDestination(
            url: try command.needText("url"), username: try command.text("username"),
            secret: try command.text("secret") ?? "",
            cohorts: try command.texts("cohorts") ?? world.cohorts.map(\.name.cohortID))
    }

    mutating func changeDestination(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("destination", "url", "username", "secret")
        let id = try command.needText("destination")
        let index = destinations.firstIndex { $0.id.utf8.elementsEqual(id.utf8) }
        guard let index else { throw SimulatorRefusal("There is no destination \(id).") }
        destinations[index].url = try command.text("url") ?? destinations[index].url
        destinations[index].username =
            try command.text("username") ?? destinations[index].username
        destinations[index].secret = try command.text("secret") ?? destinations[index].secret
    }

    /// The syncs of a destination, of a cohort, of both, or all.
    func chosenSyncs(
        _ command: SimulatorCommand
    ) throws(SimulatorRefusal) -> [SimulatedSyncID] {
        try command.allowOnly("destination", "cohort")
        let destination = try command.text("destination")
        let cohort = try command.text("cohort")
        let chosen = syncs.filter { id in
            (destination ?? id.destination).utf8.elementsEqual(id.destination.utf8)
                && (cohort ?? id.cohort).utf8.elementsEqual(id.cohort.utf8)
        }
        guard !chosen.isEmpty else { throw SimulatorRefusal("There is no such sync.") }
        return chosen
    }
}

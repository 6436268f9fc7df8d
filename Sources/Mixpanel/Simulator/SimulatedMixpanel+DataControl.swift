internal import Audiences

extension SimulatedMixpanel {
    /// The commands about a project's people and events.
    static let dataCommandHelp = """
        {"do":"project","project":ID,"secret":…,"token":…}: what opens it
        {"do":"project_secrets","end":"2027-03-03T00:00:00Z"}: refused from then on; null: never
        {"do":"add_people","project":ID,"count":N}: with profiles, in no cohort
        {"do":"add_events","project":ID,"count":N,"from":"2026-01-31T00:00:00Z","every_ms":N}
        """

    mutating func changeSecrets(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("end")
        guard let text = try command.text("end") else {
            settings.projectSecretsEnd = nil
            return
        }
        settings.projectSecretsEnd = try Self.moment(text)
    }

    mutating func addPeople(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("project", "count")
        let place = try place(of: command)
        let range = 0...SimulatorLimits.membersMax
        try world.addPeople(try command.number("count", in: range) ?? 0, toProject: place)
    }

    mutating func addEvents(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("project", "count", "from", "every_ms")
        let place = try place(of: command)
        guard world.projects[place].events.invented.count < SimulatorLimits.thingsMax else {
            throw SimulatorRefusal("There can't be more events.")
        }
        let count = try command.number("count", in: 0...SimulatorLimits.inventedEventsMax) ?? 0
        let every = try command.number("every_ms", in: 0...86_400_000) ?? 1000
        world.projects[place].events.invent(
            SimulatedEvents.Invented(
                count: count, from: try Self.moment(try command.needText("from")),
                everyMilliseconds: Int64(every)))
    }

    private func place(of command: SimulatorCommand) throws(SimulatorRefusal) -> Int {
        let id = try command.needText("project")
        guard let place = world.place(ofProject: id) else {
            throw SimulatorRefusal("There is no project \(id).")
        }
        return place
    }

    private static func moment(_ text: String) throws(SimulatorRefusal) -> Timestamp {
        guard let moment = Timestamp(rfc3339: text) else {
            throw SimulatorRefusal("A moment is like 2026-01-31T00:00:00Z.")
        }
        return moment
    }
}

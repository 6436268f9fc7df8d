internal import Audiences
internal import JSON

extension SimulatedMixpanel {
    /// The commands, for people.
    package static let commandHelp = """
        {"do":"account","secret":…,"expired":…,"lists_projects":…}
        {"do":"add_project","project":ID,"name":…,"region":"us|eu|in"}
        {"do":"project","project":ID,"paid":…,"role":"analyst|consumer"}
        {"do":"add_cohort","project":ID,"cohort":ID,"name":…,"count":N}
        {"do":"enter","cohort":ID,"count":N} or {…,"people":[distinct ids who left]}
        {"do":"leave","cohort":ID,"count":N} or {…,"people":[distinct ids]}
        {"do":"no_profile","cohort":ID,"count":N}: so many are counted, but not exported
        {"do":"add_destination","url":…,"username":…,"secret":…,"cohorts":[IDs]}
        {"do":"destination","destination":ID,"url":…,"username":…,"secret":…}
        {"do":"sync"}, also with "destination" and "cohort": runs now, answers afterwards
        {"do":"resume"}, also with "destination" and "cohort": after a pause
        {"do":"fault","kind":"status|web_page|redirect|broken|slow|trickle|cut|terminated",
         "status":…,"retry_after":…,"region":…,"times":N,"delay_ms":N,
         "call":"me|cohorts|engage|top|export|import|update"}
        {"do":"clear_faults"}
        {"do":"quota","per_hour":N,"at_once":N,"per_second":N,"retry_after":true|false,
         "of":"queries|exports"}
        {"do":"advance","seconds":N}: lets time pass for snapshots and quotas

        """ + dataCommandHelp

    /// Obeys a command, or a list of them, up to the first that is refused.
    ///
    /// - Parameter text: JSON.
    /// - Returns: the syncs that are to be run now.
    /// - Throws: ``SimulatorRefusal`` if a command is not understood or can't be obeyed.
    package mutating func obey(_ text: [UInt8]) throws(SimulatorRefusal) -> [SimulatedSyncID] {
        guard let value = try? JSONValue(parsing: text) else {
            throw SimulatorRefusal("The commands are no JSON.")
        }
        var runs: [SimulatedSyncID] = []
        for command in value.array ?? [value] {
            runs += try obey(try SimulatorCommand(command))
        }
        return runs
    }

    private mutating func obey(
        _ command: SimulatorCommand
    ) throws(SimulatorRefusal) -> [SimulatedSyncID] {
        switch command.name {
        case "account": try changeAccount(command)
        case "add_project": try addProject(command)
        case "project": try changeProject(command)
        case "add_cohort": try addCohort(command)
        case "enter", "leave", "no_profile": try changeMembers(command)
        case "add_destination": try addDestination(command)
        case "destination": try changeDestination(command)
        case "sync": return try chosenSyncs(command)
        case "resume": for id in try chosenSyncs(command) { self[id]?.resume() }
        case "fault": try addFault(command)
        case "clear_faults":
            try command.allowOnly()
            faults = []
        case "quota": try changeQuota(command)
        case "project_secrets": try changeSecrets(command)
        case "add_people": try addPeople(command)
        case "add_events": try addEvents(command)
        case "advance":
            try command.allowOnly("seconds")
            clockOffset +=
                1000 * Int64(try command.number("seconds", in: 0...Self.advanceSecondsMax) ?? 0)
        default: throw SimulatorRefusal("There is no command \"\(command.name)\".")
        }
        return []
    }

    /// Ten years.
    static let advanceSecondsMax = 315_360_000

    private mutating func changeAccount(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("secret", "expired", "lists_projects")
        if let secret = try command.text("secret") { world.account.secret = Array(secret.utf8) }
        world.account.isExpired = try command.flag("expired") ?? world.account.isExpired
        world.account.listsProjects =
            try command.flag("lists_projects") ?? world.account.listsProjects
    }

    private mutating func addProject(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("project", "name", "region")
        let id = try command.needText("project")
        guard world.project(id) == nil, world.projects.count < SimulatorLimits.thingsMax else {
            throw SimulatorRefusal("There can't be another project \(id).")
        }
        let name = try command.text("name") ?? "Project \(id)"
        world.projects.append(
            SimulatedProject(id: id, name: name, region: try command.region() ?? .us))
    }

    private mutating func changeProject(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("project", "paid", "role", "secret", "token")
        let id = try command.needText("project")
        let index = world.projects.firstIndex { $0.id.utf8.elementsEqual(id.utf8) }
        guard let index else { throw SimulatorRefusal("There is no project \(id).") }
        world.projects[index].isPaid = try command.flag("paid") ?? world.projects[index].isPaid
        world.projects[index].role = try command.text("role") ?? world.projects[index].role
        world.projects[index].secret =
            try command.text("secret") ?? world.projects[index].secret
        world.projects[index].token = try command.text("token") ?? world.projects[index].token
    }

    private mutating func addCohort(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("project", "cohort", "name", "count")
        let id = try command.needText("cohort")
        let project = try command.needText("project")
        guard world.project(project) != nil else {
            throw SimulatorRefusal("There is no project \(project).")
        }
        guard world.cohorts.count < SimulatorLimits.thingsMax else {
            throw SimulatorRefusal("There can't be another cohort.")
        }
        let name = SimulatedCohortName(
            projectID: project, cohortID: id, name: try command.text("name") ?? "Cohort \(id)")
        try world.addCohort(name, count: try command.count() ?? 0)
    }

    private mutating func changeMembers(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("cohort", "count", "people")
        let id = try command.needText("cohort")
        guard let cohort = world.cohortIndex(id) else {
            throw SimulatorRefusal("There is no cohort \(id).")
        }
        switch (command.name, try command.count(), try command.texts("people")) {
        case ("enter", let count?, nil): try world.enter(count, into: cohort)
        case ("enter", nil, let people?): try world.enter(people, into: cohort)
        case ("leave", let count?, nil): try world.leave(count, from: cohort)
        case ("leave", nil, let people?): try world.leave(people, from: cohort)
        case ("no_profile", let count?, nil): try world.loseProfiles(count, in: cohort)
        default:
            throw SimulatorRefusal("\"\(command.name)\" needs either \"count\" or \"people\".")
        }
    }

    private mutating func changeQuota(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly("per_hour", "at_once", "per_second", "retry_after", "of")
        let range = 0...1_000_000
        let hour = try command.number("per_hour", in: range)
        let once = try command.number("at_once", in: range)
        let second = try command.number("per_second", in: range)
        switch try command.text("of") ?? "queries" {
        case "queries":
            settings.queriesPerHour = hour ?? settings.queriesPerHour
            settings.queriesAtOnce = once ?? settings.queriesAtOnce
            settings.queriesPerSecond = second ?? settings.queriesPerSecond
        case "exports":
            settings.exportsPerHour = hour ?? settings.exportsPerHour
            settings.exportsAtOnce = once ?? settings.exportsAtOnce
            settings.exportsPerSecond = second ?? settings.exportsPerSecond
        default: throw SimulatorRefusal("Mixpanel counts queries and exports.")
        }
        settings.tellsRetryAfter = try command.flag("retry_after") ?? settings.tellsRetryAfter
    }

    private mutating func addFault(_ command: SimulatorCommand) throws(SimulatorRefusal) {
        try command.allowOnly(
            "kind", "status", "retry_after", "region", "call", "times", "delay_ms")
        guard faults.count < SimulatorLimits.thingsMax else {
            throw SimulatorRefusal("There can't be another fault.")
        }
        var fault = SimulatedFault(try command.faultKind())
        fault.region = try command.region()
        if let call = try command.text("call") {
            fault.call = SimulatedCall(rawValue: call)
            guard fault.call != nil else {
                throw SimulatorRefusal("Mixpanel has no call \"\(call)\".")
            }
        }
        fault.timesLeft = try command.number("times", in: 1...1_000_000)
        fault.delay = .milliseconds(try command.number("delay_ms", in: 0...600_000) ?? 0)
        faults.append(fault)
    }
}

extension SimulatorCommand {
    fileprivate func count() throws(SimulatorRefusal) -> Int? {
        try number("count", in: 0...SimulatorLimits.membersMax)
    }

    fileprivate func region() throws(SimulatorRefusal) -> MixpanelRegion? {
        guard let text = try text("region") else { return nil }
        guard let region = MixpanelRegion(rawValue: text) else {
            throw SimulatorRefusal("A region is us, eu or in.")
        }
        return region
    }

    fileprivate func faultKind() throws(SimulatorRefusal) -> SimulatedFault.Kind {
        switch try needText("kind") {
        case "status":
            return .status(
                try number("status", in: 200...599) ?? 500,
                retryAfter: try text("retry_after"))
        case "web_page": return .webPage
        case "redirect": return .redirect
        case "broken": return .broken
        case "slow": return .slow
        case "trickle": return .trickle
        case "cut": return .cut
        case "terminated": return .terminated
        default: throw SimulatorRefusal("There is no such kind of fault.")
        }
    }
}

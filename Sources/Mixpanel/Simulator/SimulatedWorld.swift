package import Audiences

/// Everything a simulated Mixpanel knows: who may ask, the projects, and who is in their cohorts.
package struct SimulatedWorld: Sendable {
    package var account: SimulatedAccount
    package var projects: [SimulatedProject] = []
    package private(set) var cohorts: [LiveCohort] = []
    private let seed: UInt64
    private let referenceShare: Double
    private var nextPerson: UInt32 = 0

    package init(account: SimulatedAccount, seed: UInt64, referenceShare: Double = 0.8) {
        self.account = account
        self.seed = seed
        self.referenceShare = referenceShare
    }

    /// Somebody by number, always the same.
    package func person(_ number: UInt32) -> InventedPerson {
        InventedPerson(number, of: seed, referenceShare: referenceShare)
    }

    func project(_ id: String) -> SimulatedProject? {
        place(ofProject: id).map { projects[$0] }
    }

    func place(ofProject id: String) -> Int? {
        projects.firstIndex { $0.id.utf8.elementsEqual(id.utf8) }
    }

    /// Everybody who is in a cohort of the project, or was put into it, each once.
    func people(of project: SimulatedProject) -> [UInt32] {
        var people = Set(project.people)
        for cohort in cohorts where cohort.name.projectID.utf8.elementsEqual(project.id.utf8) {
            people.formUnion(cohort.members)
        }
        return people.sorted()
    }

    /// Lets people nobody has seen before have profiles in a project.
    mutating func addPeople(_ count: Int, toProject place: Int) throws(SimulatorRefusal) {
        projects[place].people += try newPeople(count)
    }

    private mutating func newPeople(_ count: Int) throws(SimulatorRefusal) -> Range<UInt32> {
        let room = SimulatorLimits.peopleMax - Int(nextPerson)
        guard (0...min(room, SimulatorLimits.membersMax)).contains(count) else {
            throw SimulatorRefusal("So many people can't enter.")
        }
        defer { nextPerson += UInt32(count) }
        return nextPerson..<(nextPerson + UInt32(count))
    }

    func cohort(_ id: String) -> LiveCohort? {
        cohortIndex(id).map { cohorts[$0] }
    }

    func cohortIndex(_ id: String) -> Int? {
        cohorts.firstIndex { $0.name.cohortID.utf8.elementsEqual(id.utf8) }
    }

    /// Adds a cohort of `count` people nobody has seen before.
    package mutating func addCohort(
        _ name: SimulatedCohortName, count: Int
    ) throws(SimulatorRefusal) {
        guard cohort(name.cohortID) == nil else {
            throw SimulatorRefusal("There is a cohort \(name.cohortID) already.")
        }
        cohorts.append(LiveCohort(name: name))
        try enter(count, into: cohorts.count - 1)
    }

    /// Lets people enter who were never seen before.
    mutating func enter(_ count: Int, into cohort: Int) throws(SimulatorRefusal) {
        cohorts[cohort].members += try newPeople(count)
    }

    /// Lets people come back who were there before.
    mutating func enter(_ ids: [String], into cohort: Int) throws(SimulatorRefusal) {
        let present = Set(cohorts[cohort].members)
        let numbers = try numbers(of: ids, among: 0..<nextPerson)
        cohorts[cohort].members += numbers.filter { !present.contains($0) }
    }

    /// Lets the `count` who have been there longest leave.
    mutating func leave(_ count: Int, from cohort: Int) throws(SimulatorRefusal) {
        guard (0...cohorts[cohort].members.count).contains(count) else {
            throw SimulatorRefusal("So many people can't leave.")
        }
        cohorts[cohort].members.removeFirst(count)
    }

    mutating func leave(_ ids: [String], from cohort: Int) throws(SimulatorRefusal) {
        let numbers = Set(try numbers(of: ids, among: cohorts[cohort].members))
        cohorts[cohort].members.removeAll { numbers.contains($0) }
    }

    /// Lets the `count` who came last have no profile: Mixpanel counts them, and does not export
    /// them.
    mutating func loseProfiles(_ count: Int, in cohort: Int) throws(SimulatorRefusal) {
        guard (0...cohorts[cohort].members.count).contains(count) else {
            throw SimulatorRefusal("So many people are not there.")
        }
        cohorts[cohort].withoutProfile = Set(cohorts[cohort].members.suffix(count))
    }

    private func numbers(
        of ids: [String], among numbers: some Sequence<UInt32>
    ) throws(SimulatorRefusal) -> [UInt32] {
        let wanted = Set(ids.map { Array($0.utf8) })
        let found = numbers.filter { wanted.contains(person($0).distinctID) }
        guard found.count == wanted.count else {
            throw SimulatorRefusal("One of these distinct ids is nobody's.")
        }
        return found
    }
}

/// A service account.
package struct SimulatedAccount: Sendable {
    package var username: String
    package var secret: [UInt8]
    package var isExpired = false
    /// Whether it has the scope that `/me` needs.
    package var listsProjects = true

    package init(username: String, secret: [UInt8]) {
        self.username = username
        self.secret = secret
    }
}

/// A project that the account is a member of.
package struct SimulatedProject: Sendable {
    package var id: String
    package var name: String
    package var organization = "Invented Inc."
    package var region: MixpanelRegion
    package var role = "analyst"
    /// Whether its plan has the Query API.
    package var isPaid = true
    /// `nil` if it has none.
    package var secret: String?
    package var token: String?
    /// Those with a profile who are in none of its cohorts.
    var people: [UInt32] = []
    var profiles = SimulatedProfiles()
    package internal(set) var events = SimulatedEvents()

    package init(id: String, name: String, region: MixpanelRegion) {
        self.id = id
        self.name = name
        self.region = region
    }
}

/// A cohort whose people come and go.
package struct LiveCohort: Sendable {
    package let name: SimulatedCohortName
    /// By number, those who have been there longest first.
    package internal(set) var members: [UInt32] = []
    /// Those of them who have no profile.
    package internal(set) var withoutProfile: Set<UInt32> = []

    init(name: SimulatedCohortName) {
        self.name = name
    }

    /// Those whom the webhook is sent.
    package var exported: [UInt32] {
        withoutProfile.isEmpty ? members : members.filter { !withoutProfile.contains($0) }
    }
}

/// What was wrong with a command to the simulator, in a sentence.
package struct SimulatorRefusal: Error, Sendable, Hashable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

/// What an operator chooses of a study; what is `nil` stays as it is.
package struct StudyEdit: Sendable, Hashable {
    package var name: String?
    package var status: Study.Status?
    package var launchURL: LaunchURL?
    package var opensIn: LaunchSurface?
    /// A value of `nil` is no limit.
    package var weeklyStartsMax: Int??
    package var monthlyStartsMax: Int??

    package init(status: Study.Status? = nil) {
        self.status = status
    }

    package func apply(to study: inout Study) {
        if let name { study.name = String(name.prefix(Limits.nameCharactersMax)) }
        if let status { study.status = status }
        if let launchURL { study.launchURL = launchURL }
        if let opensIn { study.opensIn = opensIn }
        if let weeklyStartsMax { study.capacity.weekly = weeklyStartsMax }
        if let monthlyStartsMax { study.capacity.monthly = monthlyStartsMax }
    }

    /// Throws `invalid` if something is missing that a study can't be without, or a new one can't
    /// be.
    package func makeStudy(
        of connection: ConnectionID, at now: Timestamp, by secrets: Secrets
    ) throws -> Study {
        guard let name else { throw Failure(.invalid, "A study needs a name.") }
        guard let launchURL else {
            throw Failure(.invalid, "A study needs a launch_url: where it is opened.")
        }
        guard [nil, .draft, .active].contains(status) else {
            throw Failure(.invalid, "A new study is draft or active.")
        }
        var study = Study(
            id: StudyID.make(from: try secrets.random(16)), connectionID: connection, name: name,
            launchURL: launchURL, createdAt: now)
        apply(to: &study)
        return study
    }
}

package import Audiences

/// What Mixpanel says about a service account.
package enum Discovery: Sendable, Hashable {
    /// It was found, and can see at least one project.
    case account(MixpanelAccount)
    case failed(DiscoveryFailure)

    package var status: ServiceAccount.Status {
        switch self {
        case .account(let account): account.projects.count == 1 ? .connected : .needsProject
        case .failed(let failure): failure.status
        }
    }
}

/// Why a service account or a project was found in no region, with what each region said.
package struct DiscoveryFailure: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        /// Every region refused the username and secret.
        case badCredentials
        case expired
        /// The account was recognized, but may not list its projects: somebody must enter the
        /// project's id.
        case scopeMissing
        /// The account was found and sees no project.
        case noProjects
        /// No region has the project for this account.
        case noSuchProject
        /// The project was found, and its plan or the account's role forbids its use.
        case forbidden
        /// No region could be reached, or only something else than Mixpanel answered.
        case unreachable
        /// Some regions refused, others could not be asked: the account may be there.
        case mixed
    }

    package let reason: Reason
    /// In the order they were asked; the region that knew an account without projects is not
    /// among them.
    package let errors: [MixpanelError]

    package var status: ServiceAccount.Status {
        switch reason {
        case .badCredentials, .noProjects, .noSuchProject, .forbidden: .rejected
        case .expired: .expired
        case .scopeMissing: .needsProject
        case .unreachable, .mixed: .unreachable
        }
    }

    /// One sentence that says what to do.
    package var message: String {
        switch reason {
        case .badCredentials:
            "No region of Mixpanel accepts this username and secret: copy both again from "
                + "the service account's page."
        case .expired:
            "The service account has expired: make a new one in Mixpanel and enter it here."
        case .scopeMissing:
            "Mixpanel knows the account but does not let it list its projects: "
                + "enter the project id."
        case .noProjects:
            "Mixpanel accepts the account, but it has no project: add it to one, "
                + "with the role Analyst or higher."
        case .noSuchProject:
            "No region of Mixpanel has this project for the account: check the project id, "
                + "and that the account was added to the project."
        case .forbidden:
            errors.first { $0.reason == .plan || $0.reason == .forbidden }?.message
                ?? "The service account may not use the project."
        case .unreachable:
            "No region of Mixpanel could say who the account is (\(whatEachSaid)): "
                + "check the network and the proxy, then try again."
        case .mixed:
            "The account is not known in every region that answered, and others did not "
                + "(\(whatEachSaid)): it may be there, so try again."
        }
    }

    /// `US: refused, EU: no answer in time`.
    private var whatEachSaid: String {
        errors.map { "\($0.region.name): \($0.reason.words)" }.joined(separator: ", ")
    }
}

extension MixpanelError.Reason {
    /// A few words, to stand in a list.
    fileprivate var words: String {
        switch self {
        case .credentials: "refused the username and secret"
        case .expired: "expired"
        case .wrongRegion, .notFound: "does not have the project"
        case .forbidden: "forbidden"
        case .plan: "not in the plan"
        case .rateLimited: "too many calls"
        case .server(let status), .refused(let status): "status \(status)"
        case .unreachable(let why): why.rawValue
        case .notMixpanel(let impostor): "answered with \(impostor.rawValue)"
        }
    }
}

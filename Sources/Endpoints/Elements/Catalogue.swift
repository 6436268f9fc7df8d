import Audiences
import JSON
import Mixpanel

/// The one element there is, as the original's catalogue tells it.
enum Catalogue {
    /// That of the published example; clients use the key.
    static let id = 13973

    /// In the words and the order of the published example.
    static let element: JSONValue = [
        "id": .int(id),
        "name": "Mixpanel",
        "key": .string(ElementInstance.elementKey),
        "description": .string(
            "Add an Mixpanel element to connect to your existing mixpanel account, allowing you "
                + "to create activities, users and download activities and users"),
        "image": "https://uxcam.com/images/mixpanel-logo.png",
        "active": true,
        "deleted": false,
        "typeOauth": false,
        "trialAccount": false,
        "resources": [],
        "transformationsEnabled": true,
        "bulkDownloadEnabled": true,
        "bulkUploadEnabled": false,
        "cloneable": true,
        "extendable": false,
        "beta": false,
        "authentication": ["type": "basic"],
        "extended": false,
        "hub": "general",
        "protocolType": "http",
        "parameters": [],
        "private": false,
    ]
}

/// What may be configured about an instance.
enum ConfigurationItem: String, CaseIterable {
    case username
    case password
    case projectID = "project_id"
    case region
    case projectToken = "project_token"
    case dropsNulls = "filter.response.nulls"

    /// Its place; clients may use it, or the key.
    var number: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }

    var name: String {
        switch self {
        case .username: "API Secret"
        case .password: "Service Account Secret"
        case .projectID: "Project ID"
        case .region: "Region"
        case .projectToken: "Project Token"
        case .dropsNulls: "Filter null values from the response"
        }
    }

    var about: String {
        switch self {
        case .username:
            "The API secret of the project; or, with a password, the username of a service "
                + "account. " + ProjectSecret.warning
        case .password: "The secret of the service account that username names."
        case .projectID: "The project of the service account; found out if it sees only one."
        case .region: "Where the project lives: us, eu or in. Found out if it is not given."
        case .projectToken: "The token of the project: profiles can be written with it only."
        case .dropsNulls: "Whether fields that are null are left out of answers."
        }
    }

    /// Of the original's kinds.
    var kind: String {
        switch self {
        case .username, .password, .projectToken: "PASSWORD"
        case .projectID, .region: "TEXTFIELD_32"
        case .dropsNulls: "BOOLEAN"
        }
    }

    var isRequired: Bool { self == .username }

    /// Its value, masked if it is secret; `nil` if it has none.
    func value(of instance: ElementInstance) -> String? {
        let credential = instance.credential
        return switch self {
        // The name of a service account is no secret; an API secret is.
        case .username: credential.account ?? ConfigurationWish.mask
        case .password: credential.kind == .serviceAccount ? ConfigurationWish.mask : nil
        case .projectID: credential.project?.text
        case .region: credential.region?.rawValue
        case .projectToken: credential.hasProjectToken ? ConfigurationWish.mask : nil
        case .dropsNulls: instance.dropsNulls ? "true" : "false"
        }
    }
}

extension ElementInstance {
    /// What its users should know: why it does not work, or until when it will.
    var warning: String? {
        let ending = credential.kind == .projectSecret ? ProjectSecret.warning : nil
        return [check.message, ending].compactMap(\.self).first
    }
}

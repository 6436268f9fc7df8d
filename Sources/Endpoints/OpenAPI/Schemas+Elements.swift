import Audiences
import JSON
import Mixpanel

/// What the element API answers, in the field names of Cloud Elements' published example.
extension Component {
    static let element = Component(
        "Element", "An entry of the catalogue.",
        [
            Property("id", .count("Clients use the key.", Catalogue.id)),
            Property("name", .text("For people.", "Mixpanel")),
            Property("key", .word("What to name it by.", [ElementInstance.elementKey])),
            Property("description", .text("For people.", "Reads and writes Mixpanel.")),
            Property("image", .text("An address.", "https://uxcam.com/images/mixpanel-logo.png")),
            Property("active", .flag("Whether it can be used.", true)),
            Property("deleted", .flag("Always false.", false)),
            Property("typeOauth", .flag("Always false.", false)),
            Property("trialAccount", .flag("Always false.", false)),
            Property("resources", .list("Empty here.", of: .text("A resource.", "users"))),
            Property("transformationsEnabled", .flag("Whether fields can be mapped.", false)),
            Property("bulkDownloadEnabled", .flag("Always true.", true)),
            Property("bulkUploadEnabled", .flag("Always false.", false)),
            Property("cloneable", .flag("As in the original's catalogue.", true)),
            Property("extendable", .flag("Always false.", false)),
            Property("beta", .flag("Always false.", false)),
            Property(
                "authentication",
                .object("How it authenticates.", [Property("type", .word("Always.", ["basic"]))])),
            Property("extended", .flag("Always false.", false)),
            Property("hub", .word("Always the same.", ["general"])),
            Property("protocolType", .word("Always the same.", ["http"])),
            Property("parameters", .list("Empty.", of: .text("A parameter.", "-"))),
            Property("private", .flag("Always false.", false)),
        ])

    static let instance = Component(
        "ElementInstance", "An authenticated use of an element.",
        [
            Property("id", .count("To name it by.", 12)),
            Property("name", .text("For people; not escaped.", "API Instance")),
            Property("createdDate", .text("ISO 8601, UTC.", "2026-11-22T08:57:52Z")),
            Property("token", .text("For `Element` in the header.", "muster_element_wacKRGFj…")),
            Property("element", .reference(to: .element)),
            Property("elementId", .count("That of the element.", Catalogue.id)),
            Property("tags", .list("Yours.", of: .text("One.", "Docs"))),
            Property("provisionInteractions", .list("Empty.", of: .text("A step.", "-"))),
            Property("valid", .flag("True only if Mixpanel said so.", true)),
            Property("disabled", .flag("Whether the token is switched off.", false)),
            Property("maxCacheSize", .count("Nothing is cached.", 0)),
            Property("cacheTimeToLive", .count("Nothing is cached.", 0)),
            Property("configuration", configuration),
            Property("eventsEnabled", .flag("The element has none.", false)),
            Property("traceLoggingEnabled", .flag("Always false.", false)),
            Property("cachingEnabled", .flag("Always false.", false)),
            Property("externalAuthentication", .word("There is no OAuth.", ["none"])),
            Property(
                "user",
                .object("Who made it.", [Property("id", .count("Their number.", 1))])),
        ])

    private static let configuration = Schema.map(
        "What was configured, secrets as `\(ConfigurationWish.mask)`; `credential.type`, "
            + "`credential.ends` and `credential.warning` say what is to be known of it.",
        of: .text("Its value.", ConfigurationWish.mask), "username")

    /// What the body of a request may say beside.
    private static let beside: [Property] =
        [
            .optional(
                "tags", .list("Yours.", of: .text("One.", "Docs"), items: 0...Limits.tagsMax).orNull
            ),
            .optional("externalAuthentication", .word("There is no OAuth.", ["none"]).orNull),
            .optional(
                "retrieveObjectsAfterInstantiation", .flag("Only false.", false).orNull),
        ]
        + (["providerData"] + InstanceBody.readOnly).map {
            .optional($0, .anything("Passed over, so that an answer can be sent back.", ""))
        }

    private static let instanceName = Schema.text(
        "For people.", "API Instance", length: 1...Limits.nameCharactersMax)
    private static let elementName = Schema.object(
        "The element.", [.optional("key", .word("Which.", [ElementInstance.elementKey]))])

    static let newInstance = Component(
        "NewElementInstance", "An instance to be made.",
        [
            Property("element", elementName), Property("name", instanceName),
            Property("configuration", wanted),
        ] + beside, isClosed: true)

    static let instanceChange = Component(
        "ElementInstanceReplacement", "An instance as it is to be.",
        [
            .optional("element", elementName), Property("name", instanceName),
            .optional("configuration", wanted),
        ] + beside, isClosed: true)

    static let instanceEdit = Component(
        "ElementInstanceEdit", "What to change; what is missing stays.",
        [
            .optional("element", elementName), .optional("name", instanceName),
            .optional("configuration", wanted),
        ] + beside, isClosed: true)

    private static let wanted = Schema.object(
        "What it authenticates with. A masked value leaves the secret as it is.",
        ConfigurationItem.allCases.map { item in
            .optional(item.rawValue, .anything(item.about, example(of: item)))
        })

    private static func example(of item: ConfigurationItem) -> String {
        switch item {
        case .username: "muster.a1b2c3.mp-service-account"
        case .password: "wq8Zr0vTg2LdYm8sHbE7kGFjC503nxzk"
        case .projectID: "3012457"
        case .region: "eu"
        case .projectToken: "5d41402abc4b2a76b9719d911017c592"
        case .dropsNulls: "true"
        }
    }

    static let elementConfiguration = Component(
        "ElementConfiguration", "What may be configured.",
        [
            Property(
                "configuration",
                .list("The items.", of: .object("An item.", item + [defaultValue]))),
            Property("providerData", .list("Empty.", of: .text("-", "-"))),
        ])

    static let configurationItem = Component(
        "ConfigurationItem", "One thing that is configured.",
        item + [
            Property("propertyValue", .text("Masked if it is secret.", "********").orNull)
        ])

    private static let defaultValue = Property(
        "defaultValue", .text("If nothing is said.", "true").orNull)

    private static let item: [Property] = [
        Property("id", .count("To name it by.", 1)),
        Property(
            "key", .word("To name it by.", ConfigurationItem.allCases.map(\.rawValue))),
        Property("name", .text("For people.", "API Secret")),
        Property("description", .text("For people.", "The API secret of the project.")),
        Property("type", .text("Of its value.", "PASSWORD")),
        Property("required", .flag("Whether it has to be given.", true)),
        Property("active", .flag("Always true.", true)),
        Property("hideFromConsole", .flag("Always false.", false)),
    ]

    static let configurationValue = Component(
        "ConfigurationValue", "A value to be configured.",
        [Property("propertyValue", .anything("The value.", "true"))], isClosed: true)

    static let elementUser = Component(
        "ElementUser", "A person, as Mixpanel has them.",
        [
            .optional("$distinct_id", .anything("Who it is.", "18f0c0de-1")),
            .optional("$properties", .anything("Whatever the project has.", "")),
        ])

    static let profileUpdate = Component(
        "ProfileUpdate", "What to change about a person, in Mixpanel's own operations.",
        [
            .optional("$distinct_id", .anything("Who it is; not needed in the path.", "user-42")),
            .optional("$token", .anything("Passed over.", "")),
            .optional("$ip", .anything("Passed over.", "")),
            .optional("$ignore_alias", .anything("With `$delete`.", "")),
            .optional("$set", .anything("Properties to set.", "")),
            .optional("$set_once", .anything("Properties to set if they are not there.", "")),
            .optional("$add", .anything("Numbers to add.", "")),
            .optional("$append", .anything("Elements to append to lists.", "")),
            .optional("$union", .anything("Elements to be in lists.", "")),
            .optional("$remove", .anything("Elements to take out of lists.", "")),
            .optional("$unset", .anything("Names of properties to take away.", "")),
            .optional("$delete", .anything("Takes the person away.", "")),
        ], isClosed: true)

    static let writtenUser = Component(
        "WrittenUser", "Who was written.",
        [Property("$distinct_id", .text("Who it is.", "user-42"))])

    static let activity = Component(
        "Activity", "An event, as Mixpanel takes it; or a list of them.",
        [
            Property("event", .text("Its name.", "Sign up")),
            .optional("properties", .anything("With `distinct_id`, and more.", "")),
        ], isClosed: true)

    static let imported = Component(
        "ImportedActivities", "What became of events.",
        [
            Property("accepted", .count("How many Mixpanel took.", 1)),
            Property("unsent", .count("How many were not sent.", 0)),
            Property("stopped", .text("Why they were not sent.", "Mixpanel is down.").orNull),
            Property(
                "failed",
                .list(
                    "Those that Mixpanel refused while it took others.",
                    of: .object(
                        "One of them.",
                        [
                            Property("index", .count("Its place in the call.", 0).orNull),
                            Property("$insert_id", .text("Its id.", "5d41402a").orNull),
                            Property("field", .text("What is wrong.", "properties.time").orNull),
                            Property("message", .text("Mixpanel's words.", "too old")),
                        ]))),
            Property(
                "events",
                .list(
                    "All of them, in their order.",
                    of: .object(
                        "One of them.",
                        [
                            Property("$insert_id", .text("As it was sent.", "5d41402a")),
                            Property(
                                "filled",
                                .list(
                                    "What was not there and was filled in.",
                                    of: .word("A field.", ["time", "$insert_id"]))),
                        ]))),
        ])

    static let topActivity = Component(
        "TopActivity", "An event of today, as Mixpanel counts it.",
        [
            .optional("event", .anything("Its name.", "Sign up")),
            .optional("amount", .anything("How often.", "41")),
            .optional("percent_change", .anything("Against yesterday.", "0.2")),
        ])

    static let objectMetadata = Component(
        "ObjectMetadata", "The fields of an object.",
        [
            Property(
                "fields",
                .list(
                    "Those that every one has.",
                    of: .object(
                        "A field.",
                        [
                            Property("path", .text("Where it is.", "$distinct_id")),
                            Property("type", .text("Of its value.", "string")),
                        ])))
        ])

    static let pong = Component(
        "Pong", "Whether the credential works.",
        [
            Property("dateTime", .text("Now.", "2026-11-22T08:57:52Z")),
            Property("endpoint", .text("The element.", "mixpanel")),
            Property("valid", .flag("Whether Mixpanel takes the credential.", true)),
        ])

    static let topWhere = Schema.text("`type = 'general'`, 'unique' or 'average'.", "")
    static let jobsWhere = Schema.text("Such as `job_status = 'COMPLETED'`.", "")
}

/// Who is to be offered a study, when, and how often.
package struct LaunchRule: Sendable, Hashable {
    package var id: LaunchRuleID
    package var connectionID: ConnectionID
    package var studyID: StudyID
    /// For operators; never shown to the people invited.
    package var name: String
    package var status: Status
    /// Its kind is fixed when the rule is made; its target can be changed in draft and paused.
    package var trigger: Trigger
    package var surface: Surface
    package var prompt: PromptCopy
    /// The higher one wins; of equals the older.
    package var priority: Int
    package var pacing: LaunchPacing
    package var schedule: LaunchSchedule
    /// Which share of people may see it, always the same ones; see ``LaunchSample``.
    package var sample: LaunchSample
    /// Members of these are never offered it.
    package var excludedAudiences: [AudienceID]
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package enum Status: String, Sendable, Hashable, CaseIterable {
        case draft
        case active
        case paused
        /// For good: its open invites are dead, its history stays.
        case archived

        package func mayBecome(_ next: Status) -> Bool {
            switch (self, next) {
            case (.archived, _): next == .archived
            case (_, .draft): self == .draft
            case (.draft, .paused): false
            default: true
            }
        }
    }

    package enum Trigger: Sendable, Hashable {
        /// The app tracked an event of exactly this name, byte for byte.
        case event(EventName)
        /// The person is a member when the app loads its configuration.
        case audience(AudienceID)
    }

    package enum Surface: String, Sendable, Hashable, CaseIterable {
        /// The SDK asks before it opens anything.
        case sdkPrompt = "sdk_prompt"
        /// The app has an entry of its own: nothing is prompted, invites are made on request.
        case directLink = "direct_link"
    }

    package init(
        id: LaunchRuleID, connectionID: ConnectionID, studyID: StudyID, name: String,
        status: Status = .draft, trigger: Trigger, surface: Surface = .sdkPrompt,
        prompt: PromptCopy = PromptCopy(), priority: Int = 0,
        pacing: LaunchPacing = LaunchPacing(), schedule: LaunchSchedule = LaunchSchedule(),
        sample: LaunchSample = .everybody, excludedAudiences: [AudienceID] = [],
        createdAt: Timestamp
    ) {
        self.id = id
        self.connectionID = connectionID
        self.studyID = studyID
        self.name = name
        self.status = status
        self.trigger = trigger
        self.surface = surface
        self.prompt = prompt
        self.priority = priority
        self.pacing = pacing
        self.schedule = schedule
        self.sample = sample
        self.excludedAudiences = excludedAudiences
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

/// An event as the app names it.
///
/// It has 1...``Limits/eventNameBytesMax`` bytes and is compared byte by byte.
package struct EventName: Sendable, Hashable {
    package let text: String

    package init?(_ text: String) {
        guard (1...Limits.eventNameBytesMax).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    package static func == (left: EventName, right: EventName) -> Bool {
        sameBytes(left.text, right.text)
    }

    package func hash(into hasher: inout Hasher) {
        hashBytes(of: text, into: &hasher)
    }
}

/// The four texts of a prompt; what is `nil` the SDK fills in.
package struct PromptCopy: Sendable, Hashable {
    package var title: String?
    package var message: String?
    package var startLabel: String?
    package var dismissLabel: String?

    package init(
        title: String? = nil, message: String? = nil, startLabel: String? = nil,
        dismissLabel: String? = nil
    ) {
        self.title = title
        self.message = message
        self.startLabel = startLabel
        self.dismissLabel = dismissLabel
    }
}

/// How often.
package struct LaunchPacing: Sendable, Hashable {
    /// This long after the rule was last shown to, dismissed or started by a person it is offered
    /// to them again; `nil`: a dismissal is for good.
    package var cooldownHours: Int?
    /// How often one person may start it; `nil` is no limit.
    package var startsPerPersonMax: Int?
    /// How often all people together may; `nil` is no limit.
    package var startsTotalMax: Int?

    package init(
        cooldownHours: Int? = nil, startsPerPersonMax: Int? = 1, startsTotalMax: Int? = nil
    ) {
        self.cooldownHours = cooldownHours
        self.startsPerPersonMax = startsPerPersonMax
        self.startsTotalMax = startsTotalMax
    }
}

/// From when until when; `nil` is open.
package struct LaunchSchedule: Sendable, Hashable {
    package var startsAt: Timestamp?
    /// Not any more at this moment.
    package var endsAt: Timestamp?

    package init(startsAt: Timestamp? = nil, endsAt: Timestamp? = nil) {
        self.startsAt = startsAt
        self.endsAt = endsAt
    }
}

/// A sticky share of all people, in hundredths of a percent.
///
/// A person is in or out by a hash of rule and match id, so the answer is the same on every
/// device and after every restart; raising the share only ever adds people.
package struct LaunchSample: Sendable, Hashable {
    /// 0...10 000.
    package let basisPoints: Int

    package static let everybody = LaunchSample(unchecked: 10_000)

    package init?(basisPoints: Int) {
        guard (0...10_000).contains(basisPoints) else { return nil }
        self.init(unchecked: basisPoints)
    }

    private init(unchecked basisPoints: Int) {
        self.basisPoints = basisPoints
    }

    package func contains(_ person: ExternalID, for rule: LaunchRuleID) -> Bool {
        Int(Self.place(of: person, in: rule) % 10_000) < basisPoints
    }

    /// FNV-1a over both ids, then a finalizer, for FNV alone leaves neighbouring ids together.
    private static func place(of person: ExternalID, in rule: LaunchRuleID) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        for byte in rule.text.utf8 { mix(byte) }
        mix(0)
        for byte in person.text.utf8 { mix(byte) }
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return hash ^ (hash >> 31)
    }
}

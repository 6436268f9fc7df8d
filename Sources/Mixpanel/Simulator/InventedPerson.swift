internal import JSON

/// Somebody who does not exist, made from a seed and a number alone.
///
/// So a cohort of millions needs no memory for its people.
package struct InventedPerson: Sendable {
    /// `mixpanel_distinct_id`, in ASCII: a UUID, or `$device:` and one for a tenth of all people,
    /// as projects with simplified ID merge name those who never logged in.
    package let distinctID: [UInt8]
    /// `reference_id`, in ASCII; `nil` for those the company itself does not know.
    package let referenceID: [UInt8]?
    private let profile: Profile?

    /// What Mixpanel exports of a profile; people without a login have none.
    private struct Profile {
        let number: UInt32
        let firstName: String
        let lastName: String
        let plan: String
        let sessionCount: Int
        let isTrial: Bool
    }

    package init(_ number: UInt32, of seed: UInt64, referenceShare: Double) {
        var random = SplitMix64(seed: seed, stream: UInt64(number))
        let id = random.uuid()
        referenceID = random.chance(referenceShare) ? Array("user-".utf8) + id.prefix(18) : nil
        guard !random.chance(Self.deviceShare) else {
            distinctID = Array("$device:".utf8) + random.uuid()
            profile = nil
            return
        }
        distinctID = random.uuid()
        profile = Profile(
            number: number, firstName: random.element(of: Self.firstNames),
            lastName: random.element(of: Self.lastNames), plan: random.element(of: Self.plans),
            sessionCount: random.index(below: 500), isTrial: random.chance(0.2))
    }

    /// Writes an element of `members`: the keys of Mixpanel's page, then exported properties,
    /// flat beside them.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("mixpanel_distinct_id")
        json.string(utf8: distinctID)
        if let referenceID {
            json.key("reference_id")
            json.string(utf8: referenceID)
        }
        if let profile {
            json.key("email")
            json.string("person\(profile.number)@example.com")
            json.key("first_name")
            json.string(profile.firstName)
            json.key("last_name")
            json.string(profile.lastName)
            json.key("plan")
            json.string(profile.plan)
            json.key("Sessions this year")
            json.int(profile.sessionCount)
            json.key("is_trial")
            json.bool(profile.isTrial)
        }
        json.endObject()
    }

    /// The profile, under the names that Mixpanel has for properties inside.
    var properties: [(key: String, value: JSONValue)] {
        var properties: [(key: String, value: JSONValue)] = []
        if let profile {
            properties = [
                ("$email", .string("person\(profile.number)@example.com")),
                ("$first_name", .string(profile.firstName)),
                ("$last_name", .string(profile.lastName)),
                ("plan", .string(profile.plan)),
                ("Sessions this year", .int(profile.sessionCount)),
                ("is_trial", .bool(profile.isTrial)),
            ]
        }
        if let referenceID {
            properties.append(
                ("reference_id", .string(String(decoding: referenceID, as: UTF8.self))))
        }
        return properties
    }

    private static let deviceShare = 0.1
    private static let plans = ["free", "team", "business"]
    private static let firstNames = [
        "Ada", "Björn", "Chidi", "Dalia", "Emre", "Fatou", "Grete", "Hana", "Ines", "Jürgen",
        "Kaito", "Łucja", "Mei", "Niamh", "Ömer", "Priya", "陽菜", "Zoë",
    ]
    private static let lastNames = [
        "Abara", "Bergström", "Çelik", "Dvořák", "Eriksen", "Ferreira", "Gruber", "Hoang",
        "Ivanova", "Jansen", "Kowalska", "Lindqvist", "Mbeki", "O'Neill", "佐藤",
    ]
}

extension SplitMix64 {
    fileprivate mutating func element(of texts: [String]) -> String {
        texts[index(below: texts.count)]
    }
}

import Audiences
import TestSupport
import Testing

/// Users of the element API and what an instance holds, without a store.
@Suite struct ElementTests {
    private static let secrets = Secrets(
        random: { count in (0..<count).map { _ in UInt8.random(in: 0...255) } },
        sha256: { message in
            var digest = [UInt8](repeating: 7, count: 32)
            for (index, byte) in message.enumerated() {
                digest[index % 32] = digest[index % 32] &* 31 &+ byte
            }
            return digest
        },
        equal: { $0 == $1 })

    @Test func aUsersSecretsAreWellFormedAndOnlyTheirs() throws {
        let ada = try ElementUser.issue(name: "Ada", at: .start, by: Self.secrets)
        let bo = try ElementUser.issue(name: "Bo", at: .start, by: Self.secrets)
        let organization = try #require(ada.organizationSecret)
        #expect(ada.userSecret.hasPrefix("muster_user_"))
        #expect(organization.hasPrefix("muster_org_"))
        #expect(ElementUser.id(claimedBy: Array(ada.userSecret.utf8)) == ada.user.id)
        func matches(_ user: String, _ organization: String?) throws -> Bool {
            try ada.user.matches(
                Array(user.utf8), organization: organization.map { Array($0.utf8) },
                by: Self.secrets)
        }
        #expect(try matches(ada.userSecret, organization))
        #expect(try matches(ada.userSecret, nil))
        #expect(try !matches(ada.userSecret, bo.organizationSecret))
        #expect(try !matches(ada.userSecret, ""))
        #expect(try !matches(bo.userSecret, organization))
        #expect(try !matches(bo.userSecret, nil))
    }

    @Test func aMapReplacesTheOneOfItsNameAndThereAreFiftyAtMost() throws {
        var instance = ElementInstance.make(1)
        func map(_ name: String, _ path: String = "a") -> FieldMap {
            FieldMap(
                name: name, object: .users, fields: [.init(path: path, vendorPath: "b")],
                isPassThrough: false)
        }
        for number in 1...Limits.fieldMapsMax {
            _ = try instance.apply(InstanceEdit(map: map("m\(number)")), at: .start)
        }
        _ = try instance.apply(InstanceEdit(map: map("m7", "other")), at: .start)
        #expect(instance.maps.count == Limits.fieldMapsMax)
        #expect(instance.maps.last == map("m7", "other"))
        #expect(throws: Failure.self) {
            try instance.apply(InstanceEdit(map: map("one more")), at: .start)
        }
    }

    @Test func whoJoinsAnOrganizationSharesItsSecret() throws {
        let ada = try ElementUser.issue(name: "Ada", at: .start, by: Self.secrets)
        let bo = try ElementUser.issue(
            name: "Bo", joining: ada.user, at: .start, by: Self.secrets)
        #expect(bo.organizationSecret == nil)
        #expect(bo.user.organization == ada.user.organization)
        let organization = try #require(ada.organizationSecret)
        #expect(
            try bo.user.matches(
                Array(bo.userSecret.utf8), organization: Array(organization.utf8),
                by: Self.secrets))
        #expect(throws: Failure.self) {
            try ElementUser.issue(name: "", at: .start, by: Self.secrets)
        }
    }

    @Test(arguments: ["", "muster_user_", "muster_key_0123456789abcdef_x", "x"])
    func aTextThatIsNoSecretClaimsNobody(text: String) {
        #expect(ElementUser.id(claimedBy: Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        InstanceCredential(username: "secret"),
        InstanceCredential(username: "secret", projectToken: "token"),
        InstanceCredential(
            username: "sa", password: "pass", projectToken: "token",
            project: ExternalID("3012457"), region: .eu),
    ])
    func aCredentialIsSealedAndOpenedForItsInstanceOnly(plain: InstanceCredential) throws {
        let stored = try StoredCredential(plain, for: "element a", by: .plain)
        let opened = try stored.open(for: "element a", by: .plain)
        #expect(opened.username == plain.username)
        #expect(opened.password == plain.password)
        #expect(opened.projectToken == plain.projectToken)
        #expect(opened.project == plain.project && opened.region == plain.region)
        #expect(stored.kind == (plain.password == nil ? .projectSecret : .serviceAccount))
        #expect(stored.account == (plain.password == nil ? nil : "sa"))
        #expect(throws: Failure.self) { try stored.open(for: "element b", by: .plain) }
        #expect("\(plain)" == "instance credential ***")
    }

    @Test(arguments: ["", "a:b", "a\nb", "a\u{7F}", String(repeating: "x", count: 513)])
    func aUsernameThatCannotBeSentIsInvalid(username: String) throws {
        #expect(throws: Failure.self) { try InstanceCredential(username: username).validate() }
        try InstanceCredential(username: String(repeating: "x", count: 512)).validate()
    }

    @Test func tooManyFieldMapsAreRefused() throws {
        var instance = ElementInstance.make(1)
        for number in 0..<Limits.fieldMapsMax {
            let map = FieldMap(
                name: "m\(number)", object: .users, fields: [], isPassThrough: true)
            _ = try instance.apply(InstanceEdit(map: map), at: .start)
        }
        let one = FieldMap(name: "more", object: .users, fields: [], isPassThrough: true)
        #expect(throws: Failure.self) { try instance.apply(InstanceEdit(map: one), at: .start) }
    }

    @Test func theSearchFoldsNoLetterButASCII() {
        var instance = ElementInstance.make(1)
        instance.name = "\u{212A}elvin & CAFÉ"
        func finds(_ text: String) -> Bool {
            InstanceFilter(text: text).matches(instance)
        }
        #expect(finds("elvin") && finds("caf") && finds("") && finds("É"))
        #expect(!finds("kelvin") && !finds("é") && !finds("elvin & CAFÉ and more"))
    }
}

import HTTPWire
import Testing

@testable import Routing

@Suite struct ForwardedForTests {
    private let proxy = Peer(address: "10.0.0.1")

    private func client(
        _ fields: [(String, String)], from peer: Peer, trusted: [String] = ["10.0.0.0/8"]
    ) -> Peer {
        ForwardedFor(trusted: TrustedProxies(trusted.compactMap(AddressBlock.init)))
            .client(of: Headers(fields), from: peer)
    }

    @Test(arguments: [
        // What the client made up stands on the left.
        ("192.0.2.7", "192.0.2.7"), ("203.0.113.66, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.9.9.9", "192.0.2.7"),
        ("1.1.1.1, 192.0.2.7, 10.1.1.1, 10.2.2.2", "192.0.2.7"),
        ("10.1.1.1", "10.1.1.1"), ("10.3.3.3, 10.1.1.1", "10.3.3.3"),
        ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:DB8::7", "2001:db8::7"),
        ("192.0.2.7:4711", "192.0.2.7"), ("[2001:db8::7]:4711", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"), ("192.0.2.7 ,\t::ffff:10.0.0.2", "192.0.2.7"),
        // Behind a word that is no address everything is unknown.
        ("unknown", "10.0.0.1"), ("192.0.2.7, unknown", "10.0.0.1"),
        ("192.0.2.7, junk, 10.5.5.5", "10.5.5.5"), ("", "10.0.0.1"), (",,", "10.0.0.1"),
        ("192.0.2.7:", "10.0.0.1"), ("192.0.2.7:123456", "10.0.0.1"),
        ("192.0.2.7:+1", "10.0.0.1"), ("[192.0.2.7]", "10.0.0.1"), ("[::1", "10.0.0.1"),
        ("[]", "10.0.0.1"), ("[::1]x", "10.0.0.1"), ("\"192.0.2.7\"", "10.0.0.1"),
        ("192.0.2.7;x", "10.0.0.1"), ("_hidden", "10.0.0.1"),
    ])
    func theClientIsTheRightMostAddressThatIsNoTrustedProxy(list: String, address: String) {
        #expect(client([("x-forwarded-for", list)], from: proxy).address == address)
    }

    @Test func severalFieldsAreOneList() {
        let fields = [
            ("x-forwarded-for", "203.0.113.66"), ("X-Forwarded-For", "192.0.2.7"),
            ("x-forwarded-for", "10.2.2.2"),
        ]
        #expect(client(fields, from: proxy).address == "192.0.2.7")
        #expect(client([], from: proxy) == proxy)
    }

    @Test(arguments: ["192.0.2.200", "11.0.0.1", "2001:db8::1", "unix", ""])
    func whatAStrangerSaysHasNoEffect(stranger: String) {
        let peer = Peer(address: stranger)
        let fields = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "https")]
        #expect(client(fields, from: peer) == peer)
        #expect(client(fields, from: proxy, trusted: []) == proxy)
    }

    @Test func aTrustedProxyIsKnownInEitherNotation() {
        let fields = [("x-forwarded-for", "192.0.2.7")]
        #expect(client(fields, from: Peer(address: "::ffff:10.0.0.1")).address == "192.0.2.7")
    }

    @Test(arguments: [
        ("https", Scheme.https), ("HTTPS", .https), ("http", .http), ("wss", .http), ("", .http),
        ("https,http", .http), ("https, https", .http), ("http\u{17F}", .http),
    ])
    func theSchemeIsOneOfTwoWords(value: String, scheme: Scheme) {
        #expect(client([("x-forwarded-proto", value)], from: proxy).scheme == scheme)
    }

    @Test func theSchemeOfTheConnectionStandsUnlessSaidOtherwise() {
        let secure = Peer(address: "10.0.0.1", scheme: .https)
        #expect(client([("x-forwarded-for", "192.0.2.7")], from: secure).scheme == .https)
        #expect(client([("x-forwarded-proto", "http")], from: secure).scheme == .http)
        #expect(client([("x-forwarded-proto", "ftp")], from: secure).scheme == .https)
        let twice = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "https")]
        #expect(client(twice, from: proxy).scheme == .http)
    }
}

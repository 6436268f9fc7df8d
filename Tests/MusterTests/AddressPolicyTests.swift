import Foundation
import HTTPWire
import Platform
import Testing

@testable import muster

/// Where a hook may lead.
@Suite struct AddressPolicyTests {
    private func permits(_ text: String, _ policy: AddressPolicy = AddressPolicy()) throws -> Bool {
        policy.permits(try SocketAddress(parsing: text))
    }

    @Test(arguments: [
        "8.8.8.8:443", "1.1.1.1:80", "9.255.255.255:1", "11.0.0.0:1", "100.63.255.255:1",
        "100.128.0.0:1", "126.255.255.255:1", "128.0.0.0:1", "169.253.0.1:1", "172.15.0.1:1",
        "172.32.0.0:1", "192.167.255.255:1", "192.169.0.0:1", "198.17.0.1:1", "198.20.0.0:1",
        "223.255.255.255:1", "[2606:4700::1111]:443", "[64:ff9b::808:808]:443",
        "[::ffff:8.8.8.8]:443", "[2003::1]:1",
    ])
    func whatIsPublicIsPermitted(address: String) throws {
        #expect(try permits(address))
    }

    @Test(arguments: [
        "0.0.0.0:1", "10.0.0.1:1", "10.255.255.255:1", "100.64.0.0:1", "100.127.255.255:1",
        "127.0.0.1:1", "127.255.255.254:1", "169.254.169.254:80", "172.16.0.1:1",
        "172.31.255.255:1", "192.0.0.8:1", "192.0.2.1:1", "192.88.99.1:1", "192.168.1.1:1",
        "198.18.0.1:1", "198.19.255.255:1", "198.51.100.1:1", "203.0.113.1:1", "224.0.0.1:1",
        "240.0.0.1:1", "255.255.255.255:1", "[::]:1", "[::1]:1", "[::7f00:1]:1",
        "[::ffff:127.0.0.1]:1", "[::ffff:169.254.169.254]:1", "[64:ff9b::7f00:1]:1",
        "[64:ff9b::a9fe:a9fe]:1", "[64:ff9b:1::1]:1", "[100::1]:1", "[2001::1]:1",
        "[2001:db8::1]:1", "[2002:7f00:1::]:1", "[fc00::1]:1", "[fdff::1]:1", "[fe80::1]:1",
        "[febf::1]:1", "[fec0::1]:1", "[ff02::1]:1", "[3fff::1]:1",
    ])
    func whatIsNotPublicIsRefused(address: String) throws {
        #expect(try !permits(address))
    }

    @Test func noBlockIsMisspelt() {
        #expect(AddressPolicy.special.count == 15 + 15 + 11)
    }

    @Test func whatTheConfigurationNamesIsPermittedAndNothingBesides() throws {
        var policy = AddressPolicy()
        policy.allowed = [try #require(AddressBlock("10.1.0.0/16"))]
        #expect(try permits("10.1.2.3:1", policy))
        #expect(try permits("[::ffff:10.1.2.3]:1", policy))
        #expect(try !permits("10.2.0.0:1", policy))
        #expect(try !permits("127.0.0.1:1", policy))
        #expect(try permits("8.8.8.8:1", policy))
    }

    @Test func ofANamesAddressesThoseThatArePublicAreTried() throws {
        let found = try ["127.0.0.1:443", "8.8.8.8:443"].map { try SocketAddress(parsing: $0) }
        let url = try #require(URL(string: "https://hooks.lumen.example/"))
        let origin = try #require(Origin(url))
        let straight = Route(origin: origin, proxy: nil)
        #expect(AddressPolicy().permitted(found, on: straight) == [found[1]])
    }

    @Test(arguments: [("hooks.lumen.example", true), ("127.0.0.1", false), ("8.8.8.8", true)])
    func behindAProxyOnlyAnAddressThatIsWrittenOutIsJudged(host: String, isTried: Bool) throws {
        let found = [try SocketAddress(parsing: "10.0.0.9:3128")]
        let url = try #require(URL(string: "https://\(host)/"))
        let route = Route(
            origin: try #require(Origin(url)), proxy: OutboundProxy("http://10.0.0.9:3128"))
        #expect(AddressPolicy().permitted(found, on: route) == (isTried ? found : []))
    }

    @Test func aUnixSocketIsNoAddress() throws {
        #expect(try !permits("unix:/run/muster.sock"))
    }
}

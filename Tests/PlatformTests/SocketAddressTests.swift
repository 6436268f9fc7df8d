import Platform
import Testing

struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1:1", true), ("127.255.0.9:1", true), ("[::1]:1", true),
        ("[::ffff:127.0.0.1]:1", true), ("unix:/run/muster.sock", true),
        ("0.0.0.0:1", false), ("126.0.0.1:1", false), ("128.0.0.1:1", false), ("[::]:1", false),
        ("[::2]:1", false), ("[::ffff:10.0.0.1]:1", false), ("[1::1]:1", false),
    ])
    func loopbackIsWhatOnlyThisMachineReaches(text: String, isLoopback: Bool) throws {
        #expect(try SocketAddress(parsing: text).isLoopback == isLoopback)
    }

    @Test(arguments: [
        "127.0.0.1:0", "0.0.0.0:65535", "[::1]:8080", "[fe80::1]:1", "[2001:db8::7]:443",
        "unix:/run/muster.sock",
    ])
    func anAddressIsPrintedAsItWasWritten(text: String) throws {
        #expect(try SocketAddress(parsing: text).description == text)
    }

    @Test(arguments: [
        "", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:+5", "127.0.0.1:-1", "127.0.0.1:65536",
        "127.0.0.1:000080", "127.0.0.1:8 ", "::1:80", "[::1]", "[]:80", "localhost:80",
        "127.0.0.256:80", "unix:", "127.0.0.1:٣",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(throws: PlatformError.self) { try SocketAddress(parsing: text) }
    }

    @Test func aUnixPathMayFillItsFieldAndNoMore() throws {
        let longest = String(repeating: "p", count: SocketAddress.unixPathBytesMax)
        #expect(try SocketAddress(unixPath: longest).description == "unix:" + longest)
        #expect(throws: PlatformError.badAddress(longest + "p")) {
            try SocketAddress(unixPath: longest + "p")
        }
    }

    @Test func hostAndPortCanBeTakenApart() throws {
        let address = try SocketAddress(parsing: "[::1]:8080")
        #expect(address.host == "::1")
        #expect(address.port == 8080)
        #expect(address.with(port: 9).description == "[::1]:9")
        #expect(try SocketAddress(unixPath: "/x").port == nil)
        #expect(try SocketAddress(unixPath: "/x").host == "unix")
    }

    @Test func localhostIsResolved() throws {
        let address = try SocketAddress.resolve(host: "localhost", port: 80)
        #expect(["127.0.0.1", "::1"].contains(address.host))
        #expect(address.port == 80)
        let all = try SocketAddress.resolveAll(host: "localhost", port: 80)
        #expect(all.first == address)
        #expect(all.contains(try SocketAddress(parsing: "127.0.0.1:80")))
        #expect(Set(all).count == all.count)
    }

    @Test(arguments: ["", "a name of no host"])
    func whatHasNoAddressIsAnError(host: String) {
        #expect(throws: PlatformError.badAddress(host)) {
            try SocketAddress.resolveAll(host: host, port: 80)
        }
    }
}

import Foundation
import Testing

@testable import muster

/// Which way a request goes, and what it looks like on it.
@Suite struct HTTPExchangeRouteTests {
    @Test(arguments: [
        ("http://a.example/x?y=1#z", "a.example", 80, "/x?y=1"),
        ("https://a.example", "a.example", 443, "/"),
        ("https://a.example:8443/%7Eu?", "a.example:8443", 8443, "/%7Eu?"),
        ("http://[::1]:80/", "[::1]", 80, "/"),
        ("http://127.0.0.1:1/a b", "127.0.0.1:1", 1, "/a%20b"),
    ])
    func aURLNamesAnOriginAndATarget(
        text: String, host: String, port: UInt16, target: String
    ) throws {
        let url = try #require(URL(string: text))
        let origin = try #require(Origin(url))
        #expect(origin.hostField == host && origin.port == port)
        #expect(origin.target(of: url, isThroughProxy: false) == target)
        #expect(origin.target(of: url, isThroughProxy: true) == "http://\(host)\(target)")
    }

    @Test(arguments: ["ftp://a/", "/x", "http:///x", "mailto:a@b.example", "http://a:0/"])
    func otherURLsNameNone(text: String) throws {
        let url = try #require(URL(string: text))
        #expect(Origin(url) == nil)
    }

    static let ways: [(String, [String: String], String?)] = [
        ("https://mixpanel.com/", ["https_proxy": "http://p.example:3128"], "p.example:3128"),
        ("https://mixpanel.com/", ["HTTPS_PROXY": "p.example:3128"], "p.example:3128"),
        ("https://mixpanel.com/", ["all_proxy": "p.example"], "p.example:80"),
        ("https://mixpanel.com/", ["https_proxy": "", "ALL_PROXY": "p.example"], "p.example:80"),
        ("https://mixpanel.com/", ["http_proxy": "p.example"], nil),
        ("http://a.example/", ["http_proxy": "p.example"], "p.example:80"),
        ("http://a.example/", ["HTTP_PROXY": "p.example"], nil),
        ("https://eu.mixpanel.com/", ["https_proxy": "p", "no_proxy": "a, .mixpanel.com"], nil),
        ("https://eu.mixpanel.com/", ["https_proxy": "p", "NO_PROXY": "Mixpanel.COM"], nil),
        ("https://xmixpanel.com/", ["https_proxy": "p", "no_proxy": "mixpanel.com"], "p:80"),
        ("https://mixpanel.com/", ["https_proxy": "p", "no_proxy": "*"], nil),
        ("http://localhost/", ["http_proxy": "p"], nil),
        ("http://[::1]/", ["http_proxy": "p"], nil),
        ("http://127.0.0.2:1/", ["http_proxy": "p"], nil), ("https://mixpanel.com/", [:], nil),
    ]

    @Test(arguments: ways)
    func theEnvironmentNamesTheProxy(
        url: String, environment: [String: String], hop: String?
    ) throws {
        let origin = try origin(url)
        let proxy = try OutboundProxies(environment: environment).proxy(for: origin)
        #expect(proxy?.origin.authority == hop)
    }

    @Test(arguments: ["socks5://p.example", "https://p.example", "http://", "http://p:0"])
    func aProxyThatCanNotBeUsedIsNotPassedBy(text: String) throws {
        let proxies = OutboundProxies(environment: ["https_proxy": text, "no_proxy": "b.example"])
        let origin = try origin("https://a.example/")
        #expect(throws: HTTPExchangeError.proxy) { try proxies.proxy(for: origin) }
        #expect(try proxies.proxy(for: self.origin("https://b.example/")) == nil)
        #expect(try proxies.proxy(for: self.origin("http://a.example/")) == nil)
    }

    @Test func aProxysCredentialsGoToTheProxyOnly() throws {
        let proxy = try #require(OutboundProxy("http://u:p%40ss@p.example:3128"))
        #expect(proxy.authorization == "Basic dTpwQHNz")
        let secure = try origin("https://a.example/")
        let tunnel = try OutboundMessage(connectingTo: secure, through: proxy)
        #expect(
            String(decoding: tunnel.bytes, as: UTF8.self)
                == "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n"
                + "Proxy-Authorization: Basic dTpwQHNz\r\n\r\n")
        let inside = try message(Route(origin: secure, proxy: proxy))
        #expect(!inside.contains("Proxy-"))
        let plain = try origin("http://a.example/")
        #expect(try message(Route(origin: plain, proxy: proxy)).contains("\r\nProxy-Auth"))
    }

    @Test(arguments: ["a\r\nB: c", "a\n", "a\u{0}", "a\u{7F}"])
    func aLineStaysALine(value: String) throws {
        let origin = try origin("http://a.example/")
        for (target, header) in [("/", value), (value, "x")] {
            #expect(throws: HTTPExchangeError.badRequest) {
                try OutboundMessage(
                    method: "GET", target: target, route: Route(origin: origin, proxy: nil),
                    headers: [("X", header)], body: nil)
            }
        }
    }

    private func origin(_ text: String) throws -> Origin {
        let url = try #require(URL(string: text))
        return try #require(Origin(url))
    }

    private func message(_ route: Route) throws -> String {
        let message = try OutboundMessage(
            method: "POST", target: "/", route: route, headers: [], body: nil)
        return String(decoding: message.bytes, as: UTF8.self)
    }
}

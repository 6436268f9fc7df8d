import Audiences
import Endpoints
import Foundation
import HTTPWire
import TestSupport
import Testing

/// `/i/{code}`, in a browser, in a mail scanner, and after it is over.
@Suite struct InviteLinkTests {
    private static let browser = [
        ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"),
    ]

    private func invite(_ house: AppHouse) async throws -> String {
        _ = try await house.audienceRule(
            of: house.study())
        return try #require(try await house.pending("ref-ana"))
    }

    private func status(_ house: AppHouse, _ code: String) async throws -> String? {
        try await house.operate(.get, "/invites/\(code)").object["status"] as? String
    }

    @Test func aPersonsBrowserIsLedToTheStudyWhichIsTheStart() async throws {
        let house = try await AppHouse()
        let code = try await invite(house)
        let opened = try await house.house.send(.get, "/i/\(code)", headers: Self.browser)
        #expect(opened.status == 302)
        #expect(
            opened.response.header("Location") == "https://ask.example/s/1?invite_code=\(code)")
        #expect(opened.response.header("Cache-Control") == "no-store")
        #expect(opened.response.header("Referrer-Policy") == "no-referrer")
        #expect(try await status(house, code) == "started")
        // The page is reloaded, and the app has started it meanwhile.
        let again = try await house.house.send(.get, "/i/\(code)", headers: Self.browser)
        #expect(again.status == 302)
        #expect(again.response.header("Location") == opened.response.header("Location"))
        let list = try await house.operate(.get, "/invites")
        #expect(list.data.count == 1)
    }

    @Test(arguments: [
        [], [("sec-fetch-mode", "navigate")],
        [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "document")],
        [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        browser + [("sec-purpose", "prefetch;prerender")], browser + [("purpose", "prefetch")],
        browser + [("x-purpose", "preview")], browser + [("x-moz", "prefetch")],
    ])
    func whoeverOnlyLooksGetsAPageWithAButton(headers: [(String, String)]) async throws {
        let house = try await AppHouse()
        let code = try await invite(house)
        let page = try await house.house.send(.get, "/i/\(code)", headers: headers)
        #expect(page.status == 200)
        #expect(page.text.contains(#"<form method="post" action="/i/\#(code)">"#))
        #expect(page.response.header("Content-Security-Policy")?.contains("'none'") == true)
        #expect(page.response.header("X-Robots-Tag") == "noindex")
        #expect(try await status(house, code) == "open")
        let pressed = try await house.house.send(
            .post, "/i/\(code)", body: ArrayBody(""))
        #expect(pressed.status == 303)
        #expect(
            pressed.response.header("Location") == "https://ask.example/s/1?invite_code=\(code)")
        #expect(try await status(house, code) == "started")
    }

    @Test func aHEADStartsNothing() async throws {
        let house = try await AppHouse()
        let code = try await invite(house)
        let answer = try await house.house.send(.head, "/i/\(code)", headers: Self.browser)
        #expect(answer.status == 200)
        #expect(try await status(house, code) == "open")
    }

    @Test func whatIsOverIsToldInAPage() async throws {
        let house = try await AppHouse()
        let code = try await invite(house)
        _ = try await house.accept(code, "ref-ana")
        try await house.report("completed", of: code)
        let done = try await house.house.send(.get, "/i/\(code)", headers: Self.browser)
        #expect(done.status == 200)
        #expect(done.text.contains("You have taken part already"))
        let other = try #require(try await house.pending("ref-bo"))
        try await house.report("dismissed", of: other)
        let dismissed = try await house.house.send(.post, "/i/\(other)")
        #expect(dismissed.status == 200)
        #expect(dismissed.text.contains("This invitation has ended"))
    }

    @Test func aPausedStudyAsksToComeBack() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        _ = try await house.audienceRule(of: study)
        let code = try #require(try await house.pending("ref-ana"))
        try await house.operate(.patch, "/studies/\(study)", #"{"status":"paused"}"#)
        let page = try await house.house.send(.get, "/i/\(code)", headers: Self.browser)
        #expect(page.text.contains("takes nobody at the moment"))
        #expect(try await status(house, code) == "open")
    }

    @Test(arguments: ["zzzzzzzzzzzzzzzzzzz1", "no-such-code", "%3Cscript%3E"])
    func aCodeNobodyHasLeadsNowhere(code: String) async throws {
        let house = try await AppHouse()
        for method in [Method.get, .post] {
            let page = try await house.house.send(method, "/i/\(code)", headers: Self.browser)
            #expect(page.status == 404)
            #expect(!page.text.contains(code))
        }
    }

    /// What the operator wrote a placeholder for is filled in, and nothing else of the person.
    @Test func theStudysAddressHoldsWhatTheOperatorAskedFor() async throws {
        let house = try await AppHouse()
        let study = try await house.study()
        try await house.operate(
            .patch, "/studies/\(study)",
            #"{"launch_url":"https://ask.example/{invite_code}?u={reference_id}#top"}"#)
        _ = try await house.audienceRule(of: study)
        let code = try #require(try await house.pending("ref-ana"))
        let opened = try await house.house.send(.get, "/i/\(code)", headers: Self.browser)
        #expect(
            opened.response.header("Location") == "https://ask.example/\(code)?u=ref-ana#top")
    }

    @Test func phonesAreToldWhichAppsOpenTheLinks() async throws {
        let fingerprint = Array(repeating: "0A", count: 32).joined(separator: ":")
        let apps = AssociatedApps(
            apple: [try #require(AppleAppID("A1B2C3D4E5.com.lumen.shop"))],
            android: [try #require(AndroidApp("com.lumen.shop=\(fingerprint)"))])
        let house = House(apps: apps)
        let apple = try await house.send(.get, "/.well-known/apple-app-site-association")
        #expect(apple.response.header("Content-Type") == "application/json")
        let links = apple.object["applinks"] as? [String: Any]
        let details = (links?["details"] as? [[String: Any]])?.first
        #expect(details?["appIDs"] as? [String] == ["A1B2C3D4E5.com.lumen.shop"])
        #expect((details?["components"] as? [[String: String]])?.first == ["/": "/i/*"])
        let android = try await house.send(.get, "/.well-known/assetlinks.json")
        #expect(
            android.text == """
                [{"relation":["delegate_permission/common.handle_all_urls"],"target":\
                {"namespace":"android_app","package_name":"com.lumen.shop",\
                "sha256_cert_fingerprints":["\(fingerprint)"]}}]
                """)
    }

    @Test func withoutAppsThereAreNoAssociationFiles() async throws {
        let house = House()
        for name in ["apple-app-site-association", "assetlinks.json"] {
            #expect(try await house.send(.get, "/.well-known/\(name)").status == 404)
        }
    }

    @Test(arguments: [
        "", "com.lumen.shop", "A1B2C3D4E.com.lumen.shop", "a1b2c3d4e5.com.lumen.shop",
        "A1B2C3D4E5.", "A1B2C3D4E5com.lumen.shop", "A1B2C3D4E5.com.lumen.shop\"",
    ])
    func whatIsNoAppleAppIsRefused(text: String) {
        #expect(AppleAppID(text) == nil)
    }

    @Test(arguments: [
        "", "com.lumen.shop", "com.lumen.shop=", "shop=PRINT", "com.lumen.shop=PRINT:0A",
        "com.lumen.shop=print", "com.lumen.shop=PRINT=PRINT", "com.lumen shop=PRINT",
    ])
    func whatIsNoAndroidAppIsRefused(text: String) {
        let print = Array(repeating: "0A", count: 32).joined(separator: ":")
        let given = text.replacing("PRINT", with: print)
            .replacing("print", with: print.lowercased())
        #expect(AndroidApp(given) == nil)
        #expect(AndroidApp("com.lumen_1.shop=\(print)") != nil)
    }
}

import Audiences
import TestSupport
import Testing

@Suite struct LaunchURLTests {
    private static let code = "zzzzzzzzzzzzzzzzzzz2"

    @Test(arguments: [
        ("https://ask.example/s", "https://ask.example/s?invite_code=\(code)"),
        ("https://ask.example", "https://ask.example?invite_code=\(code)"),
        ("https://ask.example/s?lang=de", "https://ask.example/s?lang=de&invite_code=\(code)"),
        ("https://ask.example/s#top", "https://ask.example/s?invite_code=\(code)#top"),
        ("https://ask.example/s?a=1#t?b", "https://ask.example/s?a=1&invite_code=\(code)#t?b"),
        ("https://ask.example/#", "https://ask.example/?invite_code=\(code)#"),
        ("https://ask.example/{invite_code}/go", "https://ask.example/\(code)/go"),
        (
            "https://ask.example/?c={invite_code}&r={reference_id}",
            "https://ask.example/?c=\(code)&r=user%201%2F%26%3F%7Binvite_code%7D"
        ),
        (
            "https://ask.example/?r={reference_id}",
            "https://ask.example/?r=user%201%2F%26%3F%7Binvite_code%7D"
        ),
        (
            "https://ask.example/{other}?x={", "https://ask.example/{other}?x={&invite_code=\(code)"
        ),
        (
            "https://ask.example/{invite_code}{invite_code}",
            "https://ask.example/\(code)\(code)"
        ),
    ])
    func theCodeIsPutIn(template: String, expected: String) {
        let url = LaunchURL.make(template)
        let filled = url.filled(code: .make(1), referenceID: .make("user 1/&?{invite_code}"))
        #expect(filled == expected)
    }

    @Test func whoHasNoIdLeavesItsPlaceEmpty() {
        let url = LaunchURL.make("https://ask.example/?r={reference_id}&c={invite_code}")
        #expect(
            url.filled(code: .make(1), referenceID: nil)
                == "https://ask.example/?r=&c=\(Self.code)")
    }

    /// RFC 3986 section 2.3: everything else is encoded, byte by byte of UTF-8.
    @Test func everyByteOfAnIdIsSafeInAnAddress() {
        let url = LaunchURL.make("https://ask.example/{reference_id}")
        for byte in 1...127 as ClosedRange<UInt8> {
            let id = ExternalID.make(String(Unicode.Scalar(byte)))
            let filled = url.filled(code: .make(1), referenceID: id)
            let isPlain = id.text.allSatisfy { $0.isLetter || $0.isNumber || "-._~".contains($0) }
            #expect(filled.hasSuffix(isPlain ? "/\(id.text)" : "%\(hex(byte))"))
            #expect(filled.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        }
        #expect(
            url.filled(code: .make(1), referenceID: .make("é\u{301}"))
                == "https://ask.example/%C3%A9%CC%81")
    }

    private func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return text.count == 1 ? "0" + text : text
    }

    @Test(arguments: [
        "https://ask.example", "https://ask.example:8443/", "https://[2001:db8::1]/s",
        "https://a/{invite_code}", "https://ask.example?x", "https://ask.example#x",
    ])
    func anAddressOfTheWebIsTaken(text: String) {
        #expect(LaunchURL(text)?.template == text)
    }

    @Test(arguments: [
        "", "http://ask.example", "HTTPS://ask.example", "https://", "https:///s", "https://?x",
        "https://#x", "https://:443/", "https://me@ask.example/", "https://me:pw@ask.example/",
        "https://{invite_code}.example/", "https://ask.example/ x", "https://ask.example/\u{7F}",
        "https://ask.example/é", "https://ask.example/\r\nX: y", "javascript:alert(1)",
        "https:/ask.example", "//ask.example", "ask.example",
    ])
    func whatIsNoneIsRefused(text: String) {
        #expect(LaunchURL(text) == nil)
    }

    @Test func anAddressMayBeSoLongAndNoLonger() {
        let start = "https://ask.example/"
        let rest = Limits.launchURLBytesMax - start.utf8.count
        #expect(LaunchURL(start + String(repeating: "a", count: rest)) != nil)
        #expect(LaunchURL(start + String(repeating: "a", count: rest + 1)) == nil)
    }

    @Test func anEventsNameMayBeSoLongAndNoLonger() {
        #expect(EventName(String(repeating: "a", count: Limits.eventNameBytesMax)) != nil)
        #expect(EventName(String(repeating: "a", count: Limits.eventNameBytesMax + 1)) == nil)
        #expect(EventName("") == nil)
    }

    @Test func eventsAreComparedByteByByte() {
        #expect(EventName.make("\u{E9}") != .make("e\u{301}"))
        #expect(Set([EventName.make("\u{E9}"), .make("e\u{301}")]).count == 2)
    }
}

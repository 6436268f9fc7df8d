import Foundation
import HTTPWire
import Routing
import Testing

/// RFC 7617, RFC 6750 and rows 43 and 44 of the acceptance table.
@Suite struct AuthorizationTests {
    private func read(_ values: String...) -> Authorization? {
        Authorization(Headers(values.map { ("authorization", $0) }))
    }

    private func basic(_ text: String) -> String {
        "Basic " + Data(text.utf8).base64EncodedString()
    }

    @Test func basicIsSplitAtTheFirstColon() {
        let read = read(basic("mixpanel_a:se:cr:et"))
        #expect(read == .basic(user: Array("mixpanel_a".utf8), password: Array("se:cr:et".utf8)))
    }

    @Test func eitherHalfMayBeEmptyOrAnyUTF8() {
        #expect(read(basic(":p")) == .basic(user: [], password: Array("p".utf8)))
        #expect(read(basic("u:")) == .basic(user: Array("u".utf8), password: []))
        #expect(read(basic("ü:€")) == .basic(user: Array("ü".utf8), password: Array("€".utf8)))
    }

    @Test(arguments: ["basic", "BASIC", "bAsIc"])
    func theSchemeHasNoCase(scheme: String) {
        #expect(read(scheme + " dTpw") == .basic(user: [0x75], password: [0x70]))
    }

    @Test func bearerTokensAreTakenAsTheyAre() {
        #expect(read("Bearer abc.D-_~") == .bearer(token: Array("abc.D-_~".utf8)))
        #expect(read("bearer  abc") == .bearer(token: Array("abc".utf8)))
    }

    @Test(arguments: [
        "", "Basic", "Basic ", "Basic not-base64!!", "Basic dTpw=", "Basic dTp", "Basic dTpw dTpw",
        "Basic dT pw", "Digest dTpw", "Bearer", "Bearer a b", "dTpw", "Basic dTpw====",
        "Basic =dTp", "Bas\u{131}c dTpw", "Basic dXNlcg==",
    ])
    func whatIsNoCredentialIsNone(value: String) {
        #expect(read(value) == nil)
    }

    @Test func controlCharactersAreNoCredentials() {
        #expect(read(basic("user:\0key")) == nil)
        #expect(read(basic("us\ner:key")) == nil)
        #expect(read(basic("user:k\u{7F}y")) == nil)
    }

    @Test func bitsLeftOverMakeAnotherTextOfTheSameBytesAndAreRefused() {
        // "u:p1" is dTpwMQ==; dTpwMR== would decode to the same bytes in a careless decoder.
        #expect(read("Basic dTpwMQ==") != nil)
        #expect(read("Basic dTpwMR==") == nil)
    }

    @Test func twoFieldsAreNone() {
        #expect(read("Basic dTpw", "Basic dTpw") == nil)
        #expect(Authorization(Headers()) == nil)
    }
}

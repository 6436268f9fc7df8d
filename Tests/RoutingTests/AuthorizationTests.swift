import Foundation
import HTTPWire
import Testing

@testable import Routing

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
        "Basic dT pw", "Digest dTpw", "Bearer", "Bearer ", "Bearer a b", "dTpw", "Basic dTpw====",
        "Basic =dTp", "Bas\u{131}c dTpw", "Basic dXNlcg==",
    ])
    func whatIsNoCredentialIsNone(value: String) {
        #expect(read(value) == nil)
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func controlCharactersAreNoCredentials(_ byte: UInt8) {
        let isControl = byte < 32 || byte == 127
        let isColon = byte == UInt8(ascii: ":")
        for pair in [[byte] + Array("u:p".utf8), Array("u:p".utf8) + [byte]] where !isColon {
            let read = read("Basic " + Data(pair).base64EncodedString())
            #expect((read == nil) == isControl)
        }
    }

    @Test func everyDigitOfBase64HasItsValue() {
        let bytes = (0...255).map { UInt8($0) }
        for length in 0...256 {
            let prefix = Array(bytes.prefix(length))
            let text = Array(Data(prefix).base64EncodedString().utf8)
            #expect(Base64.decode(text[...]) == prefix)
        }
    }

    @Test func whatIsNoDigitOfBase64IsRefusedWhereverItStands() {
        let digits = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for byte in UInt8.min...UInt8.max {
            for place in 0..<4 {
                var text = Array("AAAA".utf8)
                text[place] = byte
                let isPadding = place == 3 && byte == UInt8(ascii: "=")
                #expect((Base64.decode(text[...]) != nil) == (digits.contains(byte) || isPadding))
            }
        }
    }

    @Test(arguments: ["====", "A===", "AA=A", "AA==AAAA", "AAA=AAA=", "AAA", "AAAAA", "="])
    func paddingIsOnlyWhereItIsNeeded(text: String) {
        #expect(Base64.decode(Array(text.utf8)[...]) == nil)
    }

    @Test func onlyLettersHaveACase() {
        #expect(Array("@AZ[`az{\u{C1}".utf8).map(asciiLowercase) == Array("@az[`az{\u{C1}".utf8))
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

import Audiences
import Testing

@Suite struct IdentifierTests {
    @Test func aMadeIdentifierReadsBack() {
        let made = ConnectionID.make(from: Array(0..<16))
        #expect(made.text == "conn_0123456789abcdef")
        #expect(ConnectionID(made.text) == made)
    }

    @Test(arguments: [
        "", "conn_", "conn_0123456789abcde", "conn_0123456789abcdef0", "aud_0123456789abcdef",
        "conn_0123456789ABCDEF", "conn_0123456789abcdei", "conn_0123456789abcd/f",
        "CONN_0123456789abcdef", "conn_0123456789abcde\u{301}",
    ])
    func aTextNobodyMadeIsNone(text: String) {
        #expect(ConnectionID(text) == nil)
    }
}

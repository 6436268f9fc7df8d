import HTTPWire
import Testing

@Suite struct WireErrorTests {
    @Test(
        arguments: [
            (WireError.malformed(rule: "x"), 400), (.timedOut, 408), (.bodyTooLarge, 413),
            (.targetTooLong, 414), (.expectationFailed, 417), (.headersTooLarge, 431),
            (.methodTooLong, 501), (.unknownTransferCoding, 501), (.versionNotSupported, 505),
            (.disconnected, nil),
        ] as [(WireError, Int?)])
    func everyErrorHasItsStatus(_ error: WireError, _ code: Int?) {
        #expect(error.status?.code == code)
    }
}

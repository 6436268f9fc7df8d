import JSON

/// Reads `text` to its end with the scanner alone; throws what the scanner throws.
func scan(_ text: [UInt8], skippingBOM: Bool = false) throws(JSONError) {
    let result = text.withUnsafeBytes { bytes in
        Result { () throws(JSONError) in
            var scanner = JSONScanner(bytes, skippingBOM: skippingBOM)
            try scanner.skipValue()
            try scanner.finish()
        }
    }
    try result.get()
}

func scan(_ text: String) throws(JSONError) {
    try scan(Array(text.utf8))
}

/// The error that reading `text` ends with; `nil` if it is JSON.
func failure(_ text: [UInt8], skippingBOM: Bool = false) -> JSONError? {
    do {
        try scan(text, skippingBOM: skippingBOM)
        return nil
    } catch {
        return error
    }
}

/// A reproducible series of numbers (SplitMix64), so that a failure can be repeated.
struct Series: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

// Any bytes give a value or a JSONError that names its byte; the same whatever follows in memory;
// texts are clean; the scanner and the tree agree on what is JSON and what it says, numbers to the
// digit; and a value that is written parses to the same.

import JSON

@_cdecl("LLVMFuzzerTestOneInput")
func json(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = Input(start, count)
    let skipped = skip(input.bytes)
    // So that the last words of the text are read as words, and not byte by byte.
    let followed = input.bytes + Array(repeating: UInt8(ascii: " "), count: 1 + input.choose(8))
    precondition(
        (followed.withUnsafeBytes(skip) == nil) == (skipped == nil),
        "the verdict depends on what follows")
    if let skipped { check(skipped, of: input.bytes) }

    let copied = Result { () throws(JSONError) in try copy(input.bytes) }
    let tree = Result { () throws(JSONError) in try JSONValue(parsing: input.bytes) }
    switch (skipped, copied, tree) {
    case (nil, .success(let copied), .success(let tree)):
        precondition(copied == write(tree), "the scanner and the tree read different values")
        let again = Result { () throws(JSONError) in try JSONValue(parsing: copied) }
        guard case .success(let again) = again else { preconditionFailure("written badly") }
        precondition(write(again) == copied, "the value written is another")
    case (nil, .success, .failure(let error)):
        precondition(
            error.reason == .repeatedKey || error.reason == .loneSurrogate,
            "the tree is stricter than it says")
    case (let error?, .failure(let same), .failure):
        precondition(error == same, "two errors in one text")
    default:
        preconditionFailure("the scanner and the tree disagree on what is JSON")
    }
    return 0
}

/// The error of `bytes`, `nil` if they are JSON.
private func skip(_ bytes: UnsafeRawBufferPointer) -> JSONError? {
    var scanner = JSONScanner(bytes)
    do throws(JSONError) {
        try scanner.skipValue()
        try scanner.finish()
    } catch {
        return error
    }
    return nil
}

private func check(_ error: JSONError, of bytes: UnsafeRawBufferPointer) {
    precondition(error.offset <= bytes.count, "an error beyond the text")
    switch error.reason {
    case .controlCharacter: precondition(bytes[error.offset] < 0x20, "no control character")
    case .invalidUTF8: precondition(bytes[error.offset] >= 0x80, "an ASCII byte is UTF-8")
    default: break
    }
}

private func write(_ value: JSONValue) -> [UInt8] {
    var writer = JSONWriter()
    writer.value(value)
    return writer.take()
}

/// Writes what the scanner reads, without a tree; lone surrogates become U+FFFD.
private func copy(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> [UInt8] {
    var scanner = JSONScanner(bytes)
    var writer = JSONWriter()
    try copyValue(from: &scanner, to: &writer)
    try scanner.finish()
    return writer.take()
}

private func copyValue(
    from scanner: inout JSONScanner, to writer: inout JSONWriter
) throws(JSONError) {
    switch try scanner.value() {
    case .null: writer.null()
    case .bool(let value): writer.bool(value)
    case .number(let range):
        writer.rawNumber(String(decoding: scanner.source.slice(range), as: UTF8.self))
    case .string(let text): writer.string(utf8: plain(text, in: scanner.source))
    case .array:
        writer.beginArray()
        while try scanner.nextElement() { try copyValue(from: &scanner, to: &writer) }
        writer.endArray()
    case .object:
        writer.beginObject()
        while let key = try scanner.nextKey() {
            writer.key(utf8: plain(key, in: scanner.source))
            try copyValue(from: &scanner, to: &writer)
        }
        writer.endObject()
    }
}

private func plain(_ text: JSONText, in source: JSONSource) -> [UInt8] {
    let written = source.slice(text.range)
    precondition(written.allSatisfy { $0 >= 0x20 }, "a control character in a text")
    precondition(text.hasEscapes == written.contains(UInt8(ascii: "\\")), "escapes are missed")
    var plain: [UInt8] = []
    let flaws = source.unescape(text, into: &plain)
    precondition(
        String(validating: plain, as: UTF8.self) != nil, "an unescaped text is no UTF-8")
    precondition(
        flaws.contains(.loneSurrogate) == (source.unicode(text) == nil), "a flaw is missed")
    return plain
}

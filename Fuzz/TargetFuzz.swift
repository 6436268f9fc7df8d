// Any bytes in the place of a target give a Target or a WireError with a status; its segments and
// its query are those of the bytes, read one by one; no text of it holds a NUL; and a target or a
// query that is written back parses to the same.

import HTTPWire

@_cdecl("LLVMFuzzerTestOneInput")
func target(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeRawBufferPointer(start: start, count: count))
    for method in [Method.get, .options, .connect] {
        guard let target = parse(bytes, for: method) else { continue }
        let again = parse(target.written(for: method), for: method)
        precondition(again.map { same($0, target) } ?? false, "the target written is another")
        guard method == .get else { continue }
        if bytes.first == UInt8(ascii: "/") { check(target, against: bytes) }
        checkQuery(of: target)
    }
    return 0
}

/// `nil` if the bytes are refused, or are not all of the target.
private func parse(_ target: [UInt8], for method: Method) -> Target? {
    let line = Array("\(method.name) ".utf8) + target + Array(" HTTP/1.0\r\n\r\n".utf8)
    return line.withUnsafeBytes { line -> Target? in
        var parser = RequestParser()
        do throws(WireError) {
            guard case .head(let head, _) = try parser.parse(line, limits: WireLimits()),
                target.allSatisfy({ $0 > 0x20 })
            else { return nil }
            return head.target
        } catch {
            precondition(error.status != nil, "a refusal without a status")
            return nil
        }
    }
}

/// Byte by byte: `==` on texts is canonical equivalence.
private func same(_ one: Target, _ other: Target) -> Bool {
    one.segments.count == other.segments.count
        && zip(one.segments, other.segments).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
        && one.rawQuery.map { Array($0.utf8) } == other.rawQuery.map { Array($0.utf8) }
}

private func check(_ target: Target, against bytes: [UInt8]) {
    let parts = bytes.split(
        separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    let segments = parts[0].split(
        separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
    ).dropFirst().map(unescaped)
    precondition(target.segments.map { Array($0.utf8) } == segments, "other segments")
    precondition(!segments.contains { $0.contains(0) }, "a NUL in a segment")
    precondition(
        target.rawQuery.map { Array($0.utf8) } == (parts.count > 1 ? Array(parts[1]) : nil),
        "another query")
}

/// The least decoder there can be, for escapes that are known to be good.
private func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            plain.append(byte)
            continue
        }
        plain.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
    }
    return plain
}

private func checkQuery(of target: Target) {
    guard let items = try? target.queryItems() else { return }
    for (name, value) in items {
        precondition(!name.utf8.contains(0) && !value.utf8.contains(0), "a NUL in the query")
    }
    // One name only: looking up each reads the whole query again.
    if let name = items.last?.name {
        let same = items.filter { $0.name.utf8.elementsEqual(name.utf8) }
        precondition(
            (try? target.values(name))?.map { Array($0.utf8) } == same.map { Array($0.value.utf8) },
            "other values")
        let one = Result { () throws(WireError) in try target.value(name) }
        precondition((try? one.get()) != nil || same.count > 1, "a value is not found")
    }
    var written = Array("/?".utf8)
    for (name, value) in items {
        written += percentEncoded(name, inForm: true) + [UInt8(ascii: "=")]
        written += percentEncoded(value, inForm: true) + [UInt8(ascii: "&")]
    }
    guard written.count < 16_000 else { return }
    let again = (try? parse(written, for: .get)?.queryItems()) ?? []
    precondition(
        again.elementsEqual(items) {
            $0.name.utf8.elementsEqual($1.name.utf8) && $0.value.utf8.elementsEqual($1.value.utf8)
        }, "the query written is another")
}

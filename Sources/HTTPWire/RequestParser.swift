/// Bytes in, one request head out: RFC 9112 sections 2 to 5, read strictly.
///
/// The caller keeps the bytes. It calls ``parse(_:limits:)`` with everything unread, from the
/// first byte of the request on, and again with the same bytes and more as long as the answer
/// is ``Outcome/needMore``. No byte is judged twice, so a peer that drips its head costs no more
/// than one that sends it whole; and each byte is judged as it comes, so that what can not
/// become a request is refused without waiting for the rest, and refused the same however it
/// was cut.
///
/// After a head the parser is ready for the next request; after an error it is of no more use.
package struct RequestParser: Sendable {
    package enum Outcome: Sendable {
        case needMore
        /// A whole head, which was the first `consumed` bytes.
        case head(RequestHead, consumed: Int)
    }

    /// Where in a head the next byte stands.
    private enum Phase {
        /// Before the request line; empty lines are skipped.
        case start, startLineFeed
        case method, target, version
        /// At the first byte of a line of the header section.
        case fieldStart
        case fieldName, fieldValue, fieldLineFeed
        /// After the CR of the empty line that ends the head.
        case endLineFeed
    }

    private var phase = Phase.start
    /// Everything before it has been judged.
    private var position = 0
    private var emptyLines = 0
    private var lineStart = 0
    /// Where the method, the version or the field that is being read begins.
    private var mark = 0
    private var methodEnd = 0
    private var targetEnd = 0
    private var line: RequestLine?
    private var blockStart = 0
    private var nameEnd = 0
    private var fields: [Headers.Field] = []

    package init() {}

    /// Whether any byte of a request has been seen, empty lines aside.
    package var hasBegun: Bool { phase != .start && phase != .startLineFeed }

    /// Whether not even an empty line has been seen: what comes next begins a request.
    package var isFresh: Bool { position == 0 && phase == .start }

    /// Goes on with a head; see the type for what to pass.
    package mutating func parse(
        _ input: UnsafeRawBufferPointer, limits: WireLimits
    ) throws(WireError) -> Outcome {
        while position < input.count {
            switch phase {
            case .start: try skipEmptyLine(input, limits)
            case .startLineFeed: try endLine(input, then: .start)
            case .method: try readMethod(input, limits)
            case .target: try readTarget(input, limits)
            case .version: try readVersion(input)
            case .fieldStart: try startField(input, limits)
            case .fieldName: try readName(input, limits)
            case .fieldValue: try readValue(input, limits)
            case .fieldLineFeed: try endField(input, limits)
            case .endLineFeed:
                try endLine(input, then: .start)
                return try finish(input)
            }
        }
        return .needMore
    }

    private mutating func skipEmptyLine(
        _ input: UnsafeRawBufferPointer, _ limits: WireLimits
    ) throws(WireError) {
        guard input[position] == Grammar.carriageReturn else {
            lineStart = position
            phase = .method
            return
        }
        emptyLines += 1
        guard emptyLines <= limits.emptyLinesMax else {
            throw .malformed(rule: "too-many-empty-lines")
        }
        position += 1
        phase = .startLineFeed
    }

    private mutating func endLine(
        _ input: UnsafeRawBufferPointer, then next: Phase
    ) throws(WireError) {
        guard input[position] == Grammar.lineFeed else { throw .malformed(rule: "bare-cr") }
        position += 1
        phase = next
    }

    // MARK: The request line, RFC 9112 section 3

    private mutating func readMethod(
        _ input: UnsafeRawBufferPointer, _ limits: WireLimits
    ) throws(WireError) {
        var index = position
        while index < input.count, Grammar.isToken(input[index]) {
            index += 1
            guard index - lineStart <= limits.methodBytesMax else { throw .methodTooLong }
        }
        position = index
        guard index < input.count else { return }
        guard input[index] == Grammar.space, index > lineStart else {
            throw .malformed(rule: "method")
        }
        methodEnd = index
        position = index + 1
        phase = .target
    }

    private mutating func readTarget(
        _ input: UnsafeRawBufferPointer, _ limits: WireLimits
    ) throws(WireError) {
        let endMax = lineStart + limits.requestLineBytesMax - Self.versionBytes - 1
        let end = min(input.count, endMax)
        var index = position
        while index < end, Grammar.isTargetByte(input[index]) { index += 1 }
        position = index
        guard index < input.count else { return }
        if input[index] != Grammar.space {
            throw Grammar.isTargetByte(input[index])
                ? .targetTooLong : .malformed(rule: "request-target")
        }
        guard index > methodEnd + 1 else { throw .malformed(rule: "request-target") }
        targetEnd = index
        position = index + 1
        mark = position
        phase = .version
    }

    /// The length of `HTTP/1.1`.
    private static let versionBytes = 8

    private mutating func readVersion(_ input: UnsafeRawBufferPointer) throws(WireError) {
        if position == mark, input.count - mark >= Self.versionBytes + 2,
            Grammar.equals(input[mark..<(mark + Self.versionBytes + 2)], exactly: "HTTP/1.1\r\n")
        {
            position = mark + Self.versionBytes + 2
        }
        while position - mark < Self.versionBytes + 2, position < input.count {
            let byte = input[position]
            let isGood =
                switch position - mark {
                case 0: byte == UInt8(ascii: "H")
                case 1, 2: byte == UInt8(ascii: "T")
                case 3: byte == UInt8(ascii: "P")
                case 4: byte == Grammar.slash
                case 5, 7: Grammar.isDigit(byte)
                case 6: byte == UInt8(ascii: ".")
                case 8: byte == Grammar.carriageReturn
                default: byte == Grammar.lineFeed
                }
            guard isGood else { throw .malformed(rule: "http-version") }
            position += 1
        }
        guard position - mark == Self.versionBytes + 2 else { return }
        line = try requestLine(input)
        blockStart = position
        phase = .fieldStart
    }

    private func requestLine(_ input: UnsafeRawBufferPointer) throws(WireError) -> RequestLine {
        // The version is judged first, so that HTTP/2's preface (`PRI * HTTP/2.0`) hears 505.
        let version: Version
        switch (input[mark + 5], input[mark + 7]) {
        case (UInt8(ascii: "1"), UInt8(ascii: "0")): version = .http10
        case (UInt8(ascii: "1"), UInt8(ascii: "1")): version = .http11
        default: throw .versionNotSupported
        }
        let method = Method(input[lineStart..<methodEnd])
        let target = try Target(
            parsing: UnsafeRawBufferPointer(rebasing: input[(methodEnd + 1)..<targetEnd]),
            for: method)
        return RequestLine(method: method, target: target, version: version)
    }

    // MARK: The header section, RFC 9112 section 5

    private func checkBlock(_ end: Int, _ limits: WireLimits) throws(WireError) {
        guard end - blockStart < limits.headerBlockBytesMax else { throw .headersTooLarge }
    }

    private mutating func startField(
        _ input: UnsafeRawBufferPointer, _ limits: WireLimits
    ) throws(WireError) {
        let byte = input[position]
        if byte == Grammar.carriageReturn {
            position += 1
            phase = .endLineFeed
            return
        }
        if Grammar.isWhitespace(byte) {
            throw fields.isEmpty
                ? .malformed(rule: "whitespace-before-first-field")
                : .malformed(rule: "obs-fold")
        }
        guard Grammar.isToken(byte) else {
            throw byte == Grammar.lineFeed
                ? .malformed(rule: "bare-lf") : .malformed(rule: "field-name")
        }
        guard fields.count < limits.headerFieldsMax else { throw .headersTooLarge }
        if fields.isEmpty { fields.reserveCapacity(16) }
        mark = position
        phase = .fieldName
        try readName(input, limits)
    }

    private mutating func readName(
        _ input: UnsafeRawBufferPointer, _ limits: WireLimits
    ) throws(WireError) {
        let end = min(input.count, blockStart + limits.headerBlockBytesMax)
        var index = position
        while index < end, Grammar.isToken(input[index]) { index += 1 }
        position = index
        try checkBlock(index, limits)
        guard index < input.count else { return }
        guard input[index] == Grammar.colon else { throw .malformed(rule: "field-name") }
        nameEnd = index
        position = index + 1
        phase = .fieldValue
        // Straight on: most heads are here as a whole.
        if position < input.count { try readValue(input, limits) }
    }

    private mutating func readValue(
        _ input: UnsafeRawBufferPointer, _ limits: WireLimits
    ) throws(WireError) {
        let end = min(input.count, blockStart + limits.headerBlockBytesMax)
        let index = Grammar.endOfFieldContent(in: input, from: position, to: end)
        position = index
        try checkBlock(index, limits)
        guard index < input.count else { return }
        guard input[index] == Grammar.carriageReturn else {
            throw input[index] == Grammar.lineFeed
                ? .malformed(rule: "bare-lf") : .malformed(rule: "field-value")
        }
        var valueStart = nameEnd + 1
        var valueEnd = index
        while valueStart < valueEnd, Grammar.isWhitespace(input[valueStart]) { valueStart += 1 }
        while valueStart < valueEnd, Grammar.isWhitespace(input[valueEnd - 1]) { valueEnd -= 1 }
        fields.append(
            Headers.Field(
                nameStart: UInt32(truncatingIfNeeded: mark - blockStart),
                nameEnd: UInt32(truncatingIfNeeded: nameEnd - blockStart),
                valueStart: UInt32(truncatingIfNeeded: valueStart - blockStart),
                valueEnd: UInt32(truncatingIfNeeded: valueEnd - blockStart)))
        position = index + 1
        phase = .fieldLineFeed
        if position < input.count { try endField(input, limits) }
    }

    private mutating func endField(
        _ input: UnsafeRawBufferPointer, _ limits: WireLimits
    ) throws(WireError) {
        try checkBlock(position, limits)
        try endLine(input, then: .fieldStart)
    }

    private mutating func finish(_ input: UnsafeRawBufferPointer) throws(WireError) -> Outcome {
        // Moved out, not copied: a copy is an atomic increment for every part.
        var fields: [Headers.Field] = []
        swap(&fields, &self.fields)
        guard let line = line.take() else { throw .malformed(rule: "request-line") }
        let consumed = position
        let block = UnsafeRawBufferPointer(rebasing: input[blockStart..<(consumed - 2)])
        (position, emptyLines) = (0, 0)
        let head = RequestHead(
            method: line.method, target: line.target, version: line.version,
            headers: Headers(block: Array(block), fields: fields))
        try head.checkHost()
        return .head(head, consumed: consumed)
    }
}

private struct RequestLine {
    var method: Method
    var target: Target
    var version: Version
}

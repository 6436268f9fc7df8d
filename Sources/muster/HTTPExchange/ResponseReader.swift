internal import HTTPWire

/// Reads one answer of HTTP/1.1 out of bytes, as they come (RFC 9112).
///
/// Strict: an answer about whose end two readers could disagree is no answer. Does no I/O.
struct ResponseReader {
    /// Status line and fields; no server we call sends a tenth of it.
    static let headBytesMax = 64 * 1024
    /// Interim answers (1xx) before the real one.
    static let interimMax = 8

    private enum Phase {
        case head
        case length(Int)
        case chunked(ChunkedDecoder)
        case untilClose
        case done
    }

    private(set) var status = 0
    private(set) var headers: [(name: String, value: String)] = []
    private(set) var body: [UInt8] = []
    /// Whether another request may follow on this connection.
    private(set) var keepsAlive = false
    private var phase = Phase.head
    private var head: [UInt8] = []
    private var interims = 0
    private let bodyBytesMax: Int
    /// Whether the body of a 200 is taken away piece by piece.
    private let isStreamed: Bool
    /// A 2xx to CONNECT has no body: what follows is the tunnel.
    private let isTunnel: Bool

    /// - Parameters:
    ///   - bodyBytesMax: the longest body that is kept.
    ///   - isStreamed: whether the body of a 200 has no such limit, because it is taken away with
    ///     ``takePiece()`` after each ``read(_:)``.
    ///   - isTunnel: whether this is the answer to CONNECT.
    init(bodyBytesMax: Int, isStreamed: Bool = false, isTunnel: Bool = false) {
        self.bodyBytesMax = bodyBytesMax
        self.isStreamed = isStreamed
        self.isTunnel = isTunnel
    }

    var isDone: Bool {
        if case .done = phase { true } else { false }
    }

    /// Whether nothing has come yet.
    var isUntouched: Bool { status == 0 && head.isEmpty && interims == 0 }

    /// Takes the next bytes.
    mutating func read(_ bytes: UnsafeRawBufferPointer) throws(HTTPExchangeError) {
        var rest = bytes
        while !rest.isEmpty {
            let taken: Int
            switch phase {
            case .head: taken = try readHead(rest)
            case .length(let left): taken = try readBody(rest.prefix(left), of: left)
            case .chunked(let decoder): taken = try readChunks(rest, decoder)
            case .untilClose: taken = try append(rest[...])
            // Nobody asked for more: what comes is not the answer to the next request.
            case .done:
                keepsAlive = false
                return
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
    }

    /// Takes the end of the connection.
    mutating func end() throws(HTTPExchangeError) {
        guard case .untilClose = phase else { throw .lost }
        phase = .done
    }

    /// What has come of a streamed body since this was last asked; empty for any other.
    mutating func takePiece() -> [UInt8] {
        guard isUnlimited else { return [] }
        defer { body.removeAll() }
        return body
    }

    // MARK: Body

    private var isUnlimited: Bool { isStreamed && status == 200 }

    private mutating func append(_ part: Slice<UnsafeRawBufferPointer>) throws(HTTPExchangeError)
        -> Int
    {
        guard isUnlimited || part.count <= bodyBytesMax - body.count else {
            throw .responseTooLarge
        }
        body.append(contentsOf: part)
        return part.count
    }

    private mutating func readBody(
        _ part: Slice<UnsafeRawBufferPointer>, of left: Int
    ) throws(HTTPExchangeError) -> Int {
        let taken = try append(part)
        phase = taken == left ? .done : .length(left - taken)
        return taken
    }

    private mutating func readChunks(
        _ rest: UnsafeRawBufferPointer, _ before: ChunkedDecoder
    ) throws(HTTPExchangeError) -> Int {
        var decoder = before
        let step: ChunkedDecoder.Step
        do throws(WireError) {
            step = try decoder.next(rest, limits: WireLimits())
        } catch {
            throw .malformed
        }
        phase = .chunked(decoder)
        switch step {
        case .needMore:
            return rest.count
        case .data(let range):
            _ = try append(rest[range])
            return range.upperBound
        case .end(let consumed):
            phase = .done
            return consumed
        }
    }

    // MARK: Head

    private mutating func readHead(_ rest: UnsafeRawBufferPointer) throws(HTTPExchangeError) -> Int
    {
        for (index, byte) in rest.enumerated() {
            head.append(byte)
            guard head.count <= Self.headBytesMax else { throw .malformed }
            guard byte == 0x0A, head.suffix(4).elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) else {
                continue
            }
            try parseHead()
            return index + 1
        }
        return rest.count
    }

    private mutating func parseHead() throws(HTTPExchangeError) {
        let lines = try Self.lines(head)
        head = []
        guard let first = lines.first, let (version, code) = Self.statusLine(first) else {
            throw .malformed
        }
        var fields: [(name: String, value: String)] = []
        for line in lines.dropFirst() { fields.append(try Self.field(line)) }
        if (100..<200).contains(code) {
            interims += 1
            // Nobody asked to switch protocols.
            guard code != 101, interims <= Self.interimMax else { throw .malformed }
            return
        }
        status = code
        headers = fields
        keepsAlive = version == 1 && !closes
        phase = try framing()
        if case .length(0) = phase { phase = .done }
    }

    /// RFC 9112 section 6.3.
    private mutating func framing() throws(HTTPExchangeError) -> Phase {
        if status == 204 || status == 304 || (isTunnel && status < 300) { return .done }
        let codings = values("transfer-encoding")
        let lengths = values("content-length")
        if !codings.isEmpty {
            guard codings.count == 1, lengths.isEmpty,
                Self.lowercase(codings[0]).elementsEqual("chunked".utf8)
            else {
                throw .malformed
            }
            return .chunked(ChunkedDecoder())
        }
        guard let first = lengths.first else {
            keepsAlive = false
            return .untilClose
        }
        guard lengths.count == 1, let length = Self.decimal(first.utf8) else { throw .malformed }
        guard isUnlimited || length <= bodyBytesMax else { throw .responseTooLarge }
        return .length(length)
    }

    /// The values of every field of this name, given in lower case.
    private func values(_ name: String) -> [String] {
        headers.filter { Self.lowercase($0.name).elementsEqual(name.utf8) }.map(\.value)
    }

    /// Whether the list field `Connection` has the member `close`.
    private var closes: Bool {
        values("connection").contains { value in
            value.split(separator: ",").contains {
                Self.lowercase($0.filter { $0 != " " && $0 != "\t" }).elementsEqual("close".utf8)
            }
        }
    }

    private static func lowercase(_ text: some StringProtocol) -> [UInt8] {
        text.utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    }

    private static func decimal(_ digits: some Collection<UInt8>) -> Int? {
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// The lines of a head, without its last, empty one; a CR or LF alone ends none.
    private static func lines(_ head: [UInt8]) throws(HTTPExchangeError) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        for line in head.dropLast(4).split(separator: 0x0A, omittingEmptySubsequences: false) {
            let isLast = line.endIndex == head.count - 4
            guard isLast || line.last == 0x0D else { throw .malformed }
            let text = isLast ? line : line.dropLast()
            guard text.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw .malformed
            }
            lines.append(text)
        }
        return lines
    }

    /// RFC 9112 section 4: `HTTP/1.1 200 OK`, the words optional.
    private static func statusLine(_ line: ArraySlice<UInt8>) -> (version: Int, code: Int)? {
        let bytes = Array(line)
        guard bytes.starts(with: "HTTP/1.".utf8), bytes.count >= 12, bytes[8] == 0x20,
            bytes[7] == 0x30 || bytes[7] == 0x31, bytes.count == 12 || bytes[12] == 0x20,
            let code = decimal(bytes[9..<12]), (100..<600).contains(code)
        else { return nil }
        return (Int(bytes[7] - 0x30), code)
    }

    /// RFC 9112 section 5: no whitespace before the colon, and no folded lines.
    private static func field(
        _ line: ArraySlice<UInt8>
    ) throws(HTTPExchangeError) -> (name: String, value: String) {
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        guard !name.isEmpty, name.count < line.count, name.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .malformed }
        var value = line[(name.endIndex + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
        while value.last == 0x20 || value.last == 0x09 { value.removeLast() }
        return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }
}

/// Answers to bytes (RFC 9112 sections 4 to 7), always HTTP/1.1 (RFC 9110 section 6.2).
package enum Serializer {
    /// The interim answer to `Expect: 100-continue`.
    package static let continueBytes = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Appends the head of `response`, empty line included.
    ///
    /// - Parameters:
    ///   - response: must be ``Response/isSendable``; ``ConnectionState`` sees to it.
    ///   - plan: what ``ConnectionState/respond(with:)`` said.
    ///   - date: 29 bytes of ``HTTPDate``.
    ///   - bytes: where to append.
    package static func appendHead(
        of response: Response, plan: ResponsePlan, date: [UInt8], to bytes: inout [UInt8]
    ) {
        // Put together on the stack first: each append to an array asks whose it is, and whether
        // there is room, which together cost more than the bytes.
        let count = headBytesMax(of: response, date)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { room in
            var head = HeadWriter(room)
            head.put("HTTP/1.1 ")
            head.putDecimal(response.status.code)
            head.put(" ")
            head.put(response.status.reason)
            head.put("\r\nDate: ")
            head.put(date)
            head.put("\r\n")
            for (name, value) in response.headers {
                head.put(name)
                head.put(": ")
                head.put(value)
                head.put("\r\n")
            }
            switch plan.framing {
            case .length(let count):
                head.put("Content-Length: ")
                head.putDecimal(count)
                head.put("\r\n")
            case .chunked:
                head.put("Transfer-Encoding: chunked\r\n")
            case .none, .untilClose:
                break
            }
            switch plan.persistence {
            case .keep: break
            case .announceKeep: head.put("Connection: keep-alive\r\n")
            case .announceClose: head.put("Connection: close\r\n")
            }
            head.put("\r\n")
            bytes.append(contentsOf: head.written)
        }
    }

    /// What a head takes without its fields, reason and date, in round figures.
    private static let fixedHeadBytesMax = 160

    private static func headBytesMax(of response: Response, _ date: [UInt8]) -> Int {
        response.headers.reduce(
            fixedHeadBytesMax + response.status.reason.utf8.count + date.count
        ) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
    }

    /// Appends `data` as one chunk; nothing if it is empty, as an empty chunk is the last one.
    package static func appendChunk(_ data: [UInt8], to bytes: inout [UInt8]) {
        guard !data.isEmpty else { return }
        appendHexadecimal(data.count, to: &bytes)
        append("\r\n", to: &bytes)
        bytes.append(contentsOf: data)
        append("\r\n", to: &bytes)
    }

    /// Appends the chunk that ends a body.
    package static func appendLastChunk(to bytes: inout [UInt8]) {
        append("0\r\n\r\n", to: &bytes)
    }

    private static func append(_ text: StaticString, to bytes: inout [UInt8]) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private static func appendHexadecimal(_ number: Int, to bytes: inout [UInt8]) {
        let number = UInt(max(number, 0))
        var divisor: UInt = 1
        while number / divisor >= 16 { divisor *= 16 }
        while divisor > 0 {
            let digit = UInt8(truncatingIfNeeded: number / divisor % 16)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            divisor /= 16
        }
    }
}

/// Writes behind what is written already, and traps rather than write past its room.
struct HeadWriter {
    private let room: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    init(_ room: UnsafeMutableBufferPointer<UInt8>) {
        self.room = room
    }

    var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: room[..<count]) }

    mutating func put(_ text: StaticString) {
        text.withUTF8Buffer { put($0) }
    }

    mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { put($0) }
    }

    mutating func put(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { put($0) }
    }

    mutating func putDecimal(_ number: Int) {
        let number = UInt(max(number, 0))
        var divisor: UInt = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            room[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10)
            count += 1
            divisor /= 10
        }
    }

    /// Lets `write` fill up to `bytesMax` bytes, and say how many.
    mutating func put(
        upTo bytesMax: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int
    ) {
        precondition(bytesMax <= room.count - count, "a head longer than was counted")
        let written = write(UnsafeMutableBufferPointer(rebasing: room[count..<(count + bytesMax)]))
        count += min(max(0, written), bytesMax)
    }

    private mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= room.count - count, "a head longer than was counted")
        let place = UnsafeMutableBufferPointer(rebasing: room[count..<(count + bytes.count)])
        _ = place.update(fromContentsOf: bytes)
        count += bytes.count
    }
}

extension Response {
    /// Whether the head can be written as it is: no byte in it that would end a line early
    /// (CVE-2022-3215), no field the serializer writes itself, a final status.
    package var isSendable: Bool {
        guard (200...599).contains(status.code),
            Self.all(status.reason, Grammar.isFieldContent)
        else { return false }
        return headers.allSatisfy { name, value in
            !name.isEmpty && Self.all(name, Grammar.isToken)
                && Self.all(value, Grammar.isFieldContent) && !Self.isReserved(name)
        }
    }

    /// Over the bytes where they are: the view of a short text makes each of them anew.
    @inline(__always)
    private static func all(_ text: String, _ isGood: (UInt8) -> Bool) -> Bool {
        var text = text
        return text.withUTF8 { $0.allSatisfy(isGood) }
    }

    private static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: Grammar.equals(name.utf8, "date")
        case 10: Grammar.equals(name.utf8, "connection")
        case 14: Grammar.equals(name.utf8, "content-length")
        case 17: Grammar.equals(name.utf8, "transfer-encoding")
        default: false
        }
    }
}

/// An answer that is the same each time, but for its date and one field that is new.
package final class PreparedAnswer: Sendable {
    /// Writes the value of the field into the room it is given, and says how long it is.
    ///
    /// At most ``freshValueBytesMax`` bytes; characters that a field may have.
    package typealias FreshValue = @Sendable (UnsafeMutableBufferPointer<UInt8>) -> Int

    package static let freshValueBytesMax = 64

    private let beforeDate: [UInt8]
    private let betweenDateAndValue: [UInt8]
    private let afterValue: [UInt8]
    private let freshValue: FreshValue

    /// `nil` for what can't be sent as it is, or has a body that is not there yet.
    ///
    /// - Parameters:
    ///   - response: what is always the same.
    ///   - name: of the field that is new each time.
    ///   - freshValue: makes its value.
    package init?(_ response: Response, freshField name: String, _ freshValue: @escaping FreshValue)
    {
        let body: [UInt8]
        switch response.body {
        case .empty: body = []
        case .bytes(let bytes): body = bytes
        case .stream: return nil
        }
        var sample = response
        sample.headers.append((name, Self.text(freshValue)))
        guard sample.isSendable, response.status.code != 204, response.status.code != 304 else {
            return nil
        }
        let fields = response.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let status = response.status
        beforeDate = Array("HTTP/1.1 \(status.code) \(status.reason)\r\nDate: ".utf8)
        betweenDateAndValue = Array("\r\n\(fields)\(name): ".utf8)
        afterValue = Array("\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
        self.freshValue = freshValue
    }

    private static func text(_ freshValue: FreshValue) -> String {
        String(unsafeUninitializedCapacity: freshValueBytesMax, initializingUTF8With: freshValue)
    }

    /// Appends the whole answer, for a connection that stays open.
    ///
    /// - Parameters:
    ///   - date: 29 bytes of ``HTTPDate``.
    ///   - bytes: where to append.
    package func append(date: [UInt8], to bytes: inout [UInt8]) {
        let count =
            beforeDate.count + date.count + betweenDateAndValue.count + Self.freshValueBytesMax
            + afterValue.count
        // As any head; see Serializer.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { room in
            var answer = HeadWriter(room)
            answer.put(beforeDate)
            answer.put(date)
            answer.put(betweenDateAndValue)
            answer.put(upTo: Self.freshValueBytesMax, freshValue)
            answer.put(afterValue)
            bytes.append(contentsOf: answer.written)
        }
    }
}

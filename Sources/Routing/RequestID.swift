package import HTTPWire
import Synchronization

/// Names one request in its answer, in the log and in error bodies.
package struct RequestID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Takes over an id that a proxy gave in `X-Request-Id`; `nil` if there is none or if it has
    /// characters that don't belong into a log line.
    package init?(given headers: Headers) {
        guard let value = headers.only("x-request-id"), (1...64).contains(value.count),
            value.allSatisfy(Self.isPlain)
        else { return nil }
        description = String(decoding: value, as: UTF8.self)
    }

    private init(_ text: String) {
        description = text
    }

    /// Makes ids that are unique in this process and unlikely to meet those of another.
    package final class Generator: Sendable {
        private let prefix: String
        private let prefixBytes: [UInt8]
        private let count = Atomic<UInt64>(0)

        /// - Parameter prefix: a few random letters, made anew at every start.
        package init(prefix: String) {
            self.prefix = prefix
            prefixBytes = Array(prefix.utf8)
        }

        package func next() -> RequestID {
            RequestID(prefix + Self.text(number()))
        }

        /// Writes the next id, or as much of it as there is room for, and returns how long it is.
        package func write(to room: UnsafeMutableBufferPointer<UInt8>) -> Int {
            let count = room.update(fromContentsOf: prefixBytes.prefix(room.count))
            return count
                + Self.write(
                    number(), to: UnsafeMutableBufferPointer(rebasing: room[count...]))
        }

        private func number() -> UInt64 {
            count.wrappingAdd(1, ordering: .relaxed).newValue
        }

        private static let digitsMax = 13  // of UInt64.max in base 36

        /// In base 36, and without the generic `String(_:radix:)`, which shows in the profile of a
        /// small request.
        private static func text(_ number: UInt64) -> String {
            String(unsafeUninitializedCapacity: digitsMax) { write(number, to: $0) }
        }

        private static func write(
            _ number: UInt64, to room: UnsafeMutableBufferPointer<UInt8>
        ) -> Int {
            var digits = number
            var count = 1
            while digits >= 36 {
                digits /= 36
                count += 1
            }
            guard count <= room.count else { return 0 }
            var rest = number
            for index in (0..<count).reversed() {
                let digit = UInt8(truncatingIfNeeded: rest % 36)
                room[index] =
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                rest /= 36
            }
            return count
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."):
            true
        default:
            false
        }
    }
}

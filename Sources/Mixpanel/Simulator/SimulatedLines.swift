internal import Audiences
internal import JSON

/// The lines of an export of events.
enum SimulatedLines {
    /// Which events are wanted.
    struct Choice: Sendable {
        let range: Range<Timestamp>
        /// `nil` for all.
        let names: Set<[UInt8]>?
        let expression: SimulatedExpression?

        func wants(_ name: String, _ event: JSONObject, at milliseconds: Int64) -> Bool {
            range.contains(Timestamp(milliseconds: milliseconds))
                && (names?.contains(Array(name.utf8)) ?? true)
                && (expression?.matches(event["properties"]?.object ?? JSONObject([])) ?? true)
        }
    }

    /// So many events are looked at for one piece.
    static let eventsPerPiece = 500

    static func stream(of events: SimulatedEvents, _ choice: Choice) -> SimulatedAnswer.Stream {
        SimulatedAnswer.Stream { piece in
            var rest = piece * eventsPerPiece
            guard rest < max(1, events.count) else { return nil }
            var lines: [UInt8] = []
            var left = eventsPerPiece
            for event in events.imported.dropFirst(rest).prefix(left) {
                left -= 1
                let milliseconds = Int64(min(event.seconds, 1e14) * 1000)
                guard choice.wants(event.name, event.json, at: milliseconds) else { continue }
                lines += line(event.json)
            }
            rest = max(0, rest - events.imported.count)
            for invented in events.invented {
                let numbers = (0..<invented.count).dropFirst(rest).prefix(left)
                rest = max(0, rest - invented.count)
                left -= numbers.count
                for number in numbers {
                    let event = invented.line(number)
                    let milliseconds = invented.milliseconds(of: number)
                    guard choice.wants(invented.name(of: number), event, at: milliseconds)
                    else { continue }
                    lines += line(event)
                }
            }
            return lines
        }
    }

    private static func line(_ event: JSONObject) -> [UInt8] {
        var json = JSONWriter()
        json.value(.object(event))
        return json.bytes + [0x0A]
    }
}

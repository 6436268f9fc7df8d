internal import Audiences
internal import JSON

/// The events of a project: those that were imported, and those that are made up on the way.
package struct SimulatedEvents: Sendable {
    /// One that was imported, as it was sent.
    struct Imported: Sendable {
        let name: String
        let seconds: Double
        let json: JSONObject
    }

    /// So many, one after the other, from a moment on.
    struct Invented: Sendable {
        let count: Int
        let from: Timestamp
        let everyMilliseconds: Int64
    }

    private(set) var imported: [Imported] = []
    private(set) var invented: [Invented] = []

    /// How many there are.
    package var count: Int { imported.count + invented.reduce(0) { $0 + $1.count } }

    mutating func invent(_ events: Invented) { invented.append(events) }

    mutating func store(_ events: [Imported]) {
        let room = SimulatorLimits.eventsMax - imported.count
        imported += events.prefix(max(0, room))
    }

    static let names = ["Signed up", "Viewed page", "Bought", "Shared", "Left"]
}

extension SimulatedEvents.Invented {
    func name(of number: Int) -> String {
        SimulatedEvents.names[number % SimulatedEvents.names.count]
    }

    func milliseconds(of number: Int) -> Int64 {
        let (offset, over) = everyMilliseconds.multipliedReportingOverflow(by: Int64(number))
        let (sum, beyond) = from.milliseconds.addingReportingOverflow(offset)
        return over || beyond ? .max : sum
    }

    /// A line of an export, without its end.
    func line(_ number: Int) -> JSONObject {
        JSONObject([
            ("event", .string(name(of: number))),
            (
                "properties",
                .object(
                    JSONObject([
                        ("time", .int(Int(milliseconds(of: number) / 1000))),
                        ("distinct_id", .string("made-up-\(number % 997)")),
                        ("$insert_id", .string("made-up-event-\(number)")),
                        ("number", .int(number)),
                        ("page", .string("/articles/\(number % 89)?from=<newsletter>&x=1")),
                        ("mp_processing_time_ms", .int(Int(milliseconds(of: number)))),
                    ]))
            ),
        ])
    }
}

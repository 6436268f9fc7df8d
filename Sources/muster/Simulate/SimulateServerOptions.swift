internal import ArgumentParser
internal import Audiences
internal import Foundation
internal import Mixpanel

/// How the simulator stands in for Mixpanel's own servers.
struct SimulateServerOptions: ParsableArguments {
    @Flag(help: "Serve what Muster asks of Mixpanel, and sync cohorts until told to stop.")
    var serveMixpanel = false
    @Option(help: "The port of 127.0.0.1 to serve it on; 0 is any.")
    var port = 0
    @Option(help: "The region of the project: us, eu, in.")
    var region = MixpanelRegion.eu
    @Option(
        help: ArgumentHelp("Commands to obey at the start, as for /control.", valueName: "file"))
    var scenario: String?
    @Option(help: "Seconds between two syncs; 0 runs them on command only.")
    var cycle = 1800.0

    /// A week: nobody waits longer for a sync.
    static let cycleSecondsMax = 604_800.0

    func validate() throws {
        guard UInt16(exactly: port) != nil else {
            throw ValidationError("A port is a number from 0 to 65535.")
        }
        guard (0...Self.cycleSecondsMax).contains(cycle) else {
            throw ValidationError("A cycle is 0 to \(Int(Self.cycleSecondsMax)) seconds.")
        }
    }

    /// `nil` if syncs run on command only.
    var cycleDuration: Duration? { cycle > 0 ? .seconds(cycle) : nil }

    /// The commands of the scenario; `nil` without one.
    func commands() throws -> [UInt8]? {
        guard let scenario else { return nil }
        guard let bytes = FileManager.default.contents(atPath: scenario) else {
            throw ValidationError("The scenario file can't be read.")
        }
        return Array(bytes)
    }
}

extension MixpanelRegion: ExpressibleByArgument {}

import Foundation
import Platform

/// What every Prometheus client tells of its process
/// (prometheus.io/docs/instrumenting/writing_clientlibs, "Process metrics").
///
/// From /proc; where there is none, they are missing.
enum ProcessReadings {
    static var now: [(name: String, value: Double)] {
        var readings: [(name: String, value: Double)] = []
        if let fields = statusFields() {
            let ticks = Double(Syscalls.clockTicksPerSecond())
            if let user = fields.number(11), let system = fields.number(12) {
                readings.append(("process_cpu_seconds_total", (user + system) / ticks))
            }
            if let pages = fields.number(21) {
                let page = Double(Syscalls.memoryPageBytes())
                readings.append(("process_resident_memory_bytes", pages * page))
            }
            if let start = fields.number(19), let boot = bootSeconds() {
                readings.append(("process_start_time_seconds", boot + start / ticks))
            }
        }
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        if let descriptors {
            readings.append(("process_open_fds", Double(descriptors.count)))
        }
        return readings
    }

    /// Those of proc_pid_stat(5) behind the program's name, which may hold spaces.
    private static func statusFields() -> Fields? {
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return Fields(texts: text[end...].dropFirst().split(separator: " "))
    }

    private static func bootSeconds() -> Double? {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })
        else { return nil }
        return Double(line.dropFirst("btime ".count))
    }

    private struct Fields {
        let texts: [Substring]

        func number(_ index: Int) -> Double? {
            texts.indices.contains(index) ? Double(texts[index]) : nil
        }
    }
}

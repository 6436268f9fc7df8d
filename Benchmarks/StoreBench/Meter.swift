import Glibc

/// What this process has taken of the machine, and how long its pages took.
struct Meter {
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant
    private let microseconds: Int
    private let bytes: Int

    init() {
        began = clock.now
        microseconds = Self.processorMicroseconds
        bytes = Self.bytesWritten
    }

    /// The figures since the meter was made; `taken` is how long each page took.
    func figures(members: Int, _ taken: [Duration]) -> String {
        let elapsed = (clock.now - began) / .microseconds(1)
        let sorted = taken.sorted()
        let ranks = [sorted.count / 2, sorted.count * 99 / 100, sorted.count - 1]
        let waits = ranks.map { rounded(sorted[$0] / .milliseconds(1)) }
        return """
            \(Int(Double(members) / elapsed * 1_000_000)) members/s, \
            \(rounded(Double(Self.processorMicroseconds - microseconds) / Double(members))) us CPU \
            and \((Self.bytesWritten - bytes) / members) bytes written a member; \
            a page: median, 99th percentile and longest of \(taken.count) \
            \(waits.map { "\($0)" }.joined(separator: ", ")) ms; \(Self.residentMebibytes) MiB
            """
    }

    private func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }

    private static var processorMicroseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }

    /// All that was handed to the system, whether or not it has reached the disk.
    private static var bytesWritten: Int { field("wchar:", of: "/proc/self/io") }

    private static var residentMebibytes: Int { field("VmRSS:", of: "/proc/self/status") / 1024 }

    private static func field(_ name: String, of path: String) -> Int {
        guard let file = fopen(path, "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = String(
                decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self
            )
            .split { " \t\n".contains($0) }
            if words.count > 1, words[0] == name { return Int(words[1]) ?? 0 }
        }
        return 0
    }
}

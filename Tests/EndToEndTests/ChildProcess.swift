import Foundation
import Synchronization
import TestSupport

/// A process that a test started, and what it writes.
final class ChildProcess: Sendable {
    let output = Transcript()
    let errors = Transcript()

    private let process: Program
    private let state = Mutex(
        (exitCode: Int32?.none, waiting: [CheckedContinuation<Int32, Never>]()))

    /// Nothing here takes nearly that long; a process that hangs is ended before its test is, by
    /// the suite's time limit, and must not outlive the test run.
    static let lifetimeMax = DispatchTimeInterval.seconds(500)

    /// Starts `executable`, which is a path; `environment` is added to that of the tests, less
    /// all that configures a Muster.
    ///
    /// `input`: what it reads; nothing without.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:],
        input: Pipe? = nil
    ) throws {
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MUSTER_") }
        let (out, err) = (Pipe(), Pipe())
        process = try Program(
            executable, arguments, environment: inherited.merging(environment) { $1 },
            input: input.map { .descriptor($0.fileHandleForReading.fileDescriptor) } ?? .nothing,
            output: .descriptor(out.fileHandleForWriting.fileDescriptor),
            errors: .descriptor(err.fileHandleForWriting.fileDescriptor))
        // Their end is told when nobody can write any more.
        try out.fileHandleForWriting.close()
        try err.fileHandleForWriting.close()
        try input?.fileHandleForReading.close()
        Thread.detachNewThread { [self] in end(process.wait()) }
        output.follow(out.fileHandleForReading)
        errors.follow(err.fileHandleForReading)
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.lifetimeMax) { [weak self] in
            self?.signal(SIGKILL)
        }
    }

    /// Its process id.
    var identifier: Int32 { process.identifier }

    /// Sends a signal, unless the process has ended.
    func signal(_ number: Int32) {
        process.signal(number)
    }

    /// Sends a signal to the one process that this one has started itself, unless this has ended.
    func signalChild(_ number: Int32) throws {
        let children = try String(
            contentsOfFile: "/proc/\(identifier)/task/\(identifier)/children", encoding: .utf8)
        guard let child = Int32(children.trimmingCharacters(in: .whitespaces)) else {
            throw NoOnlyChild(children: children)
        }
        state.withLock { state in
            guard state.exitCode == nil else { return }
            _ = kill(child, number)
        }
    }

    struct NoOnlyChild: Error {
        let children: String
    }

    /// How long the processor has worked for it: about the same on a busy machine.
    func processorTime() throws -> Duration {
        // proc_pid_stat(5): utime and stime, in ticks, are the 12th and 13th field behind the name.
        let text = try String(
            contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return .seconds(user + system) / sysconf(Int32(_SC_CLK_TCK))
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit code; 128 and the number of the signal if one ended it.
    func exitCode() async -> Int32 {
        await withCheckedContinuation { continuation in
            let code: Int32? = state.withLock { state in
                if let code = state.exitCode { return code }
                state.waiting.append(continuation)
                return nil
            }
            if let code { continuation.resume(returning: code) }
        }
    }

    private func end(_ code: Int32) {
        let waiting = state.withLock { state in
            state.exitCode = code
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: code) }
    }
}

/// What a process has written to one of its two outputs so far.
final class Transcript: Sendable {
    private struct State {
        var bytes = Data()
        var isComplete = false
        var waiting: [(isEnough: @Sendable (Data) -> Bool, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Reads on a thread of its own until everybody has closed the other end.
    func follow(_ handle: FileHandle) {
        Thread.detachNewThread { [self] in
            // `read(upToCount:)` would wait for that many.
            while true {
                let piece = handle.availableData
                if piece.isEmpty { break }
                update { $0.bytes += piece }
            }
            update { $0.isComplete = true }
        }
    }

    /// Everything, once the process has ended.
    func complete() async -> Data {
        await wait { _ in false }
    }

    func text() async -> String {
        String(decoding: await complete(), as: UTF8.self)
    }

    /// The first line that begins with `prefix`; `nil` if the process ends without one.
    func line(beginningWith prefix: String) async -> String? {
        line(prefix, in: await wait { [self] in line(prefix, in: $0) != nil })
    }

    /// Returns when `text` has been written, or can't be any more.
    @discardableResult
    func contains(_ text: String) async -> Bool {
        let text = Data(text.utf8)
        return await wait { $0.range(of: text) != nil }.range(of: text) != nil
    }

    private func line(_ prefix: String, in bytes: Data) -> String? {
        // What stands behind the last line feed is not a whole line yet.
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }.first { $0.hasPrefix(prefix) }
    }

    private func wait(until isEnough: @escaping @Sendable (Data) -> Bool) async -> Data {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isComplete || isEnough(state.bytes) { return true }
                state.waiting.append((isEnough, continuation))
                return false
            }
            if isOver { continuation.resume() }
        }
        return state.withLock { $0.bytes }
    }

    private func update(_ change: (inout State) -> Void) {
        let ready = state.withLock { state in
            change(&state)
            let (bytes, isComplete) = (state.bytes, state.isComplete)
            let ready = state.waiting.filter { isComplete || $0.isEnough(bytes) }
            state.waiting.removeAll { isComplete || $0.isEnough(bytes) }
            return ready
        }
        for (_, continuation) in ready { continuation.resume() }
    }
}

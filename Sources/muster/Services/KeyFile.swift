import Audiences
import Foundation
import Platform

/// `encryption.key` in the data directory: one key a line, the first for sealing, the others for
/// opening what was sealed before.
///
/// It is read each time it is needed, a few times an hour, so that no process works with keys that
/// another one has replaced.
struct KeyFile: Sendable {
    static let name = "encryption.key"
    /// A rotation every week for three years, if no key ever left.
    static let bytesMax = 8192

    private let file: PrivateFile

    init(directory: String) {
        file = PrivateFile(Self.name, in: directory)
    }

    /// The keys; none if there is no file.
    ///
    /// - Throws: `unavailable`, saying how to mend the file.
    func keys() throws(Failure) -> [EncryptionKey] {
        let bytes: [UInt8]?
        do throws(PrivateFile.Problem) { bytes = try file.read(bytesMax: Self.bytesMax) } catch {
            throw failure(error)
        }
        return try bytes.map { bytes throws(Failure) in try parse(bytes) } ?? []
    }

    /// Makes the file with one key, unless there is one; then it stays.
    func createIfMissing() throws(Failure) {
        let line = try newKey().line
        do throws(PrivateFile.Problem) { _ = try file.create(Array(line.utf8)) } catch {
            throw failure(error)
        }
    }

    /// Puts a new key in front, if there is exactly one.
    ///
    /// With more, an earlier rotation was cut off and goes on.
    func addKeyIfThereIsOne() throws(Failure) {
        let new = try newKey()
        try change { keys in keys.count == 1 ? [new] + keys : nil }
    }

    /// Takes these keys out; the file too, if none is left.
    func remove(_ keys: [EncryptionKey]) throws(Failure) {
        try change { all in
            let rest = all.filter { !keys.contains($0) }
            return rest.count == all.count ? nil : rest
        }
    }

    private func change(
        _ body: ([EncryptionKey]) -> [EncryptionKey]?
    ) throws(Failure) {
        var outcome = Result<Void, Failure>.success(())
        do throws(PrivateFile.Problem) {
            try file.replace(bytesMax: Self.bytesMax) { bytes in
                guard let bytes else { return nil }
                do throws(Failure) {
                    let changed = body(try parse(bytes))
                    return changed.map { $0.flatMap { Array($0.line.utf8) } }
                } catch {
                    outcome = .failure(error)
                    return nil
                }
            }
        } catch {
            throw failure(error)
        }
        try outcome.get()
    }

    private func newKey() throws(Failure) -> EncryptionKey {
        guard let key = try? EncryptionKey.make() else {
            throw Failure(.internal, "No random key could be made.")
        }
        return key
    }

    // MARK: - Reading

    private func parse(_ bytes: [UInt8]) throws(Failure) -> [EncryptionKey] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard !lines.isEmpty else {
            throw unusable("is empty; put it back from a backup, or remove it if there is none")
        }
        var keys: [EncryptionKey] = []
        for (index, line) in lines.enumerated() {
            guard let key = EncryptionKey(String(decoding: line, as: UTF8.self)) else {
                throw unusable(
                    "has no key of 32 bytes, in base64 or hexadecimal, in line \(index + 1); "
                        + "put it back from a backup")
            }
            keys.append(key)
        }
        return keys
    }

    private func failure(_ problem: PrivateFile.Problem) -> Failure {
        switch problem {
        case .isOpenToOthers:
            unusable("can be read by others than its owner: chmod 600 \(file.path)")
        case .isTooLong: unusable("is longer than \(Self.bytesMax) bytes, so it is no key file")
        case .system(let error): unusable("can't be used: \(error)")
        }
    }

    /// The path is for operators only.
    private func unusable(_ reason: String) -> Failure {
        Failure(
            .unavailable, "The encryption key can't be used.", detail: "\(file.path) \(reason)")
    }
}

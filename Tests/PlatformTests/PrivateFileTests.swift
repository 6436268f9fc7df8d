import Foundation
import Platform
import Testing

struct PrivateFileTests {
    private let folder: Folder
    private let file: PrivateFile

    init() throws {
        folder = try Folder()
        file = PrivateFile("key", in: folder.path)
    }

    /// A directory that is gone after the test.
    private final class Folder: Sendable {
        let path = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID())")
            .path(percentEncoded: false)

        init() throws {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }

        func names() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: path)
        }

        func write(_ bytes: [UInt8], to name: String) throws {
            try Data(bytes).write(to: URL(filePath: path).appending(path: name))
        }
    }

    private func permissions() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    }

    @Test func whatIsMadeIsReadAndItsOwnersAlone() throws {
        #expect(try file.read(bytesMax: 3) == nil)
        #expect(try file.create([1, 2, 3]))
        #expect(try file.read(bytesMax: 3) == [1, 2, 3])
        #expect(try permissions() == 0o600)
        #expect(try folder.names() == ["key"])
    }

    @Test func whatIsThereIsNeverMadeAgain() throws {
        try folder.write([7], to: "key")
        #expect(try !file.create([1, 2, 3]))
        #expect(FileManager.default.contents(atPath: file.path) == Data([7]))
        #expect(try folder.names() == ["key"])
    }

    @Test func aDraftThatAKilledProcessLeftIsNoHindrance() throws {
        try folder.write([7, 7, 7, 7], to: "key.new")
        #expect(try file.create([1]))
        try folder.write([7, 7, 7, 7], to: "key.new")
        try file.replace(bytesMax: 3) { ($0 ?? []) + [2] }
        #expect(try file.read(bytesMax: 3) == [1, 2])
        #expect(try folder.names() == ["key"])
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777])
    func aFileThatIsOpenToOthersIsRefused(mode: Int) throws {
        #expect(try file.create([1]))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        #expect(throws: PrivateFile.Problem.isOpenToOthers) { try file.read(bytesMax: 9) }
        #expect(throws: PrivateFile.Problem.isOpenToOthers) {
            try file.replace(bytesMax: 9) { _ in [1] }
        }
    }

    @Test func aFileIsReadUpToItsLimit() throws {
        #expect(try file.create([1, 2, 3]))
        #expect(try file.read(bytesMax: 3) == [1, 2, 3])
        #expect(throws: PrivateFile.Problem.isTooLong) { try file.read(bytesMax: 2) }
    }

    @Test func noChangeChangesNothingAndAnEmptyOneRemoves() throws {
        #expect(try file.create([1]))
        try file.replace(bytesMax: 9) { _ in nil }
        #expect(try file.read(bytesMax: 9) == [1])
        try file.replace(bytesMax: 9) { _ in [] }
        #expect(try file.read(bytesMax: 9) == nil)
        try file.replace(bytesMax: 9) { before in
            #expect(before == nil)
            return []
        }
        #expect(try folder.names() == [])
    }

    @Test func ofManyAtOnceOneMakesItAndNoChangeIsLost() async throws {
        let file = file
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<UInt8(16) { group.addTask { try file.create([number]) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<UInt8(16) {
                group.addTask { try file.replace(bytesMax: 99) { ($0 ?? []) + [number] } }
            }
            try await group.waitForAll()
        }
        #expect(made == 1)
        #expect(try file.read(bytesMax: 99)?.dropFirst().sorted() == Array(0..<16))
        #expect(try folder.names() == ["key"])
    }

    @Test func aDirectoryThatIsMissingIsAnError() throws {
        try FileManager.default.removeItem(atPath: folder.path)
        #expect(try file.read(bytesMax: 1) == nil)
        #expect(throws: PrivateFile.Problem.self) { try file.create([1]) }
    }
}

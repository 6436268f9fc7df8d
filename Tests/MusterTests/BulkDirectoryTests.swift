import Audiences
import Foundation
import TestSupport
import Testing

@testable import muster

/// The files of bulk jobs.
@Suite struct BulkDirectoryTests {
    private let directory: DataDirectory
    private let files: BulkFiles

    init() throws {
        directory = try DataDirectory()
        files = BulkDirectory(dataDirectory: directory.path).files
    }

    private func permissions(_ path: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    @Test func aFileIsWrittenReadAndRemovedAndOnlyItsOwnersMayReadIt() async throws {
        #expect(try await files.list() == [])
        try await files.write(Array("one\n".utf8), 7, 0)
        try await files.write(Array("two\n".utf8), 7, 4)
        try await files.sync(7)
        #expect(try await files.read(7, 0, 100) == Array("one\ntwo\n".utf8))
        #expect(try await files.read(7, 4, 2) == Array("tw".utf8))
        #expect(try await files.read(7, 8, 2) == [])
        #expect(try permissions(directory.path + "/bulk/7.jsonl") == 0o600)
        #expect(try permissions(directory.path + "/bulk") == 0o700)
        #expect(try await files.list() == [7])
        try await files.remove(7)
        try await files.remove(7)
        #expect(try await files.list() == [])
    }

    @Test func whatLiesBehindTheEndIsCutOff() async throws {
        try await files.write(Array("one\ntwo and a ha".utf8), 7, 0)
        try await files.write(Array("2\n".utf8), 7, 4)
        #expect(try await files.read(7, 0, 100) == Array("one\n2\n".utf8))
        try await files.write([], 7, 0)
        #expect(try await files.read(7, 0, 100) == [])
    }

    @Test func aFileThatIsNotThereIsGone() async throws {
        await #expect(throws: Failure.noBulkFile) { try await files.read(8, 0, 1) }
        await #expect(throws: Failure.noBulkFile) { try await files.sync(8) }
    }

    @Test func itKnowsHowLongAllOfThemAre() async throws {
        #expect(try await files.bytesUsed() == 0)
        try await files.write(Array("one\n".utf8), 7, 0)
        try await files.write(Array("twenty\n".utf8), 8, 0)
        try await files.write(Array("2\n".utf8), 7, 4)
        #expect(try await files.bytesUsed() == 13)
        try await files.write([], 7, 1)
        #expect(try await files.bytesUsed() == 8)
        try await files.remove(8)
        #expect(try await files.bytesUsed() == 1)
        // Also what another process left.
        try Data(count: 20).write(to: URL(filePath: directory.path + "/bulk/9.jsonl"))
        #expect(try await BulkDirectory(dataDirectory: directory.path).files.bytesUsed() == 21)
        #expect(try await files.list().sorted() == [7, 9])
        #expect(try await files.bytesUsed() == 21)
    }

    @Test func otherFilesAreNobodys() async throws {
        try await files.write([], 7, 0)
        for name in ["x.jsonl", "9.csv", "notes"] {
            try Data().write(to: URL(filePath: directory.path + "/bulk/" + name))
        }
        #expect(try await files.list() == [7])
    }
}

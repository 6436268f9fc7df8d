import ArgumentParser
import Audiences
import Foundation
import JSON
import Platform
import SQLiteStore

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the whole store into one file.",
        discussion: """
            The server may run on: the copy is of one moment. It is read through before it gets \
            its name, and only its owner may read it. The encryption key of the service accounts' \
            secrets is not in it: keep encryption.key, or MUSTER_ENCRYPTION_KEY, at another place.
            """)

    @Argument(help: "The file to make.")
    var file: String

    @Flag(help: "Replace the file if there is one.")
    var force = false

    @OptionGroup var listing: ListingOptions
    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await explainingFailures {
            let configuration = try await options.readConfiguration().configuration
            guard force || !FileManager.default.fileExists(atPath: file) else {
                throw Failure(.conflict, "\(file) is there already; --force replaces it.")
            }
            try make(of: configuration.dataDirectory)
            let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
            if listing.json {
                var json = JSONWriter()
                json.beginObject()
                json.key("file")
                json.string(file)
                json.key("bytes")
                json.int(size)
                json.key("has_encryption_key")
                json.bool(false)
                json.endObject()
                Terminal.out(json.bytes + [0x0A])
            } else {
                Terminal.out(
                    """
                    Backed up to \(file), \(size) bytes.
                    The encryption key is not in it: keep encryption.key, if the data directory \
                    has one, or MUSTER_ENCRYPTION_KEY, at another place.
                    """)
            }
        }
    }

    private func make(of directory: String) throws {
        // Its own name, so that two at once don't write into each other's.
        let draft = "\(file).partial-\(ProcessInfo.processInfo.processIdentifier)"
        do {
            try WholeFile.createPrivate(draft)
            var bar = CopyBar()
            try Backup.make(of: directory, at: draft) { bar.show($0, of: $1) }
            try WholeFile.rename(draft, to: file)
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            guard let error = error as? PlatformError else { throw error }
            throw Failure(.unavailable, "\(file) can't be written.", detail: "\(error)")
        }
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes the store what a backup holds.",
        discussion: """
            The server must be stopped. Everything since the backup is lost, erasures of people \
            too: repeat them. Readers of the change feed must begin anew. Put the encryption key \
            back that belonged to it. If it is cut off, the old store is still there.
            """)

    @Argument(help: "A file that `muster backup` made.")
    var file: String

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await explainingFailures {
            let directory = try await options.readConfiguration().configuration.dataDirectory
            let isNew = !FileManager.default.fileExists(
                atPath: "\(directory)/\(SQLiteStore.databaseName)")
            try Question.confirm(
                "Everything in \(directory) becomes what \(file) holds. Go on?",
                isAnswered: yes || isNew)
            var bar = CopyBar()
            let damaged = try Backup.restore(
                file, to: directory, files: .private,
                exchange: { damaged, new in
                    try DatabaseFiles.exchange(damaged, for: new, at: Composition.now())
                },
                progress: { bar.show($0, of: $1) })
            Terminal.out("Restored \(file) into \(directory).")
            if let damaged { Terminal.out("The damaged store is kept in \(damaged).") }
        }
    }
}

/// Shows on stderr how many pages of a database are copied.
struct CopyBar {
    private var bar = ProgressBar.forStandardError()

    mutating func show(_ done: Int, of total: Int) {
        guard let text = bar.update(done: done, of: total) else { return }
        FileHandle.standardError.write(Data(text.utf8))
    }
}

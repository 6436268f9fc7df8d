import ArgumentParser
import Foundation

/// What commands print: results on stdout, everything else on stderr.
enum Terminal {
    static func out(_ text: String) {
        out(Array((harmless(text) + "\n").utf8))
    }

    /// Ends the process if the bytes can't be written: a script must not take half a list, or a key
    /// that nobody has seen, for success.
    static func out(_ bytes: [UInt8]) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        } catch {
            self.error("muster: What should be printed can't be written; is the disk full?")
            exit(Ending.unavailable.rawValue)
        }
    }

    static func isTerminal(_ handle: FileHandle) -> Bool {
        isatty(handle.fileDescriptor) == 1
    }

    static func error(_ text: String) {
        error(raw: harmless(text) + "\n")
    }

    /// Without a line end: for what draws over itself.
    static func error(raw text: String) {
        // Nobody is left to be told that this failed.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// The text without what would draw on the terminal, or rename it: names come from whoever
    /// may write at Mixpanel.
    static func harmless(_ text: String, keeping kept: Unicode.Scalar? = "\n") -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.generalCategory == .control && scalar != kept
        }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { isControl($0) ? "\u{FFFD}" : $0 }))
    }

    /// Columns padded to their widest cell, two spaces between.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        // A name of two lines would be two rows.
        let lines = [header] + rows.map { row in row.map { harmless($0, keeping: nil) } }
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            zip(cells, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
        .joined(separator: "\n")
    }
}

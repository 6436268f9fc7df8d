import Foundation

/// What commands print: results on stdout, everything else on stderr.
enum Terminal {
    static func out(_ text: String) {
        write(Data((text + "\n").utf8), to: .standardOutput)
    }

    static func out(_ bytes: [UInt8]) {
        write(Data(bytes), to: .standardOutput)
    }

    static func isTerminal(_ handle: FileHandle) -> Bool {
        isatty(handle.fileDescriptor) == 1
    }

    static func error(_ text: String) {
        write(Data((text + "\n").utf8), to: .standardError)
    }

    /// Without a line end: for what draws over itself.
    static func error(raw text: String) {
        write(Data(text.utf8), to: .standardError)
    }

    /// A reader that has gone (`| head`) is no error worth a message.
    private static func write(_ data: Data, to handle: FileHandle) {
        try? handle.write(contentsOf: data)
    }

    /// Columns padded to their widest cell, two spaces between.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        let lines = [header] + rows
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

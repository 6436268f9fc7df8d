import Glibc

/// A line that is typed on the terminal without being shown.
package enum HiddenInput {
    /// Whether there is a terminal to ask on.
    package static var isPossible: Bool { isatty(STDIN_FILENO) == 1 }

    /// Asks on stderr, and reads a line of at most `bytesMax` bytes from stdin.
    ///
    /// - Returns: the line without its end; `nil` if the input ended or was interrupted (^C, ^D).
    /// - Throws: `PlatformError` if stdin is no terminal.
    package static func read(prompt: String, bytesMax: Int) throws(PlatformError) -> [UInt8]? {
        var before = termios()
        _ = try Syscalls.call("tcgetattr") { tcgetattr(STDIN_FILENO, &before) }
        var hidden = before
        // Without signals from the keyboard too: one would end the process before the terminal
        // shows again what is typed.
        hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
        _ = try Syscalls.call("tcsetattr") { tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) }
        defer {
            _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            write("\n")
        }
        write(prompt)
        var line: [UInt8] = []
        while line.count < bytesMax {
            var byte: UInt8 = 0
            let count = try Syscalls.call("read") { Glibc.read(STDIN_FILENO, &byte, 1) }
            // ^C, which is a byte like another while there are no signals.
            if count == 0 || byte == 3 { return nil }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        return line
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

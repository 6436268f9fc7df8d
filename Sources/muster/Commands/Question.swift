import Audiences
import Foundation

/// What is asked of a person before something that can't be undone.
enum Question {
    /// Goes on only after a "yes" on the terminal, or if that was said already.
    ///
    /// - Throws: `invalid` if nobody is there to ask, or the answer is another one.
    static func confirm(_ question: String, isAnswered: Bool) throws(Failure) {
        guard !isAnswered else { return }
        guard isatty(FileHandle.standardInput.fileDescriptor) == 1 else {
            throw Failure(.invalid, "\(question) There is no terminal to ask: say --yes.")
        }
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw Failure(.invalid, "Nothing was changed.")
        }
    }
}

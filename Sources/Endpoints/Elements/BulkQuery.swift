import Audiences

/// `select * from <object>[ where <condition>]`.
struct BulkQuery {
    let object: ElementObject
    let condition: String?

    init(_ text: String) throws(Failure) {
        let words = text.split(separator: " ", maxSplits: 4).map(String.init)
        guard words.count >= 4, Self.isWord(words[0], "select"), words[1] == "*",
            Self.isWord(words[2], "from"), let object = ElementObject(rawValue: words[3])
        else {
            throw Failure(
                .invalid,
                "q must be select * from users, or activities, and may go on with where: Mixpanel "
                    + "has no other objects, and selects no fields.")
        }
        self.object = object
        guard words.count == 5 else {
            condition = nil
            return
        }
        let rest = words[4].split(separator: " ", maxSplits: 1).map(String.init)
        guard rest.count == 2, Self.isWord(rest[0], "where") else {
            throw Failure(.invalid, "After the object q may go on with where only.")
        }
        condition = rest[1]
    }

    private static func isWord(_ text: String, _ word: StaticString) -> Bool {
        text.utf8.count == word.utf8CodeUnitCount
            && word.withUTF8Buffer { word in
                zip(text.utf8, word).allSatisfy { $0 | 0x20 == $1 }
            }
    }
}

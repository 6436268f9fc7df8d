import Foundation

/// Something that must not be found, and the forms in which a mistake could write it.
struct HiddenText: Sendable {
    /// For the message of a test; tells nothing.
    let name: String
    /// As it is; in base64, wherever in a longer text it begins; in hexadecimal.
    private let forms: [Data]

    init(_ name: String, _ secret: Data) {
        self.name = name
        let hex = secret.map { String(format: "%02x", $0) }.joined()
        var texts = [hex, hex.uppercased()]
        for offset in 0..<3 {
            let shifted = Data(count: offset) + secret
            // Less the digits that depend on what stands before and behind.
            let whole = shifted.base64EncodedString().prefix(shifted.count / 3 * 4)
            let base64 = String(whole.dropFirst([0, 2, 3][offset]))
            texts.append(base64)
            texts.append(base64.replacing("+", with: "-").replacing("/", with: "_"))
        }
        forms = [secret] + Set(texts).map { Data($0.utf8) }
    }

    init(_ name: String, _ secret: String) {
        self.init(name, Data(secret.utf8))
    }

    func isIn(_ bytes: Data) -> Bool {
        forms.contains { bytes.range(of: $0) != nil }
    }
}

extension Data {
    func holds(_ text: String) -> Bool {
        range(of: Data(text.utf8)) != nil
    }

    /// Everything that looks like the beginning of a UUID, wherever it stands: 8, 4 and 4
    /// hexadecimal digits, as in all ids of people whom the simulator invents.
    var ids: Set<Data> {
        let hyphens = [8, 13]
        let length = 18
        var found: Set<Data> = []
        withUnsafeBytes { bytes in
            guard bytes.count >= length else { return }
            for start in 0...(bytes.count - length) where bytes[start + 8] == UInt8(ascii: "-") {
                let part = bytes[start..<(start + length)]
                let isID = part.enumerated().allSatisfy { place, byte in
                    hyphens.contains(place)
                        ? byte == UInt8(ascii: "-") : Character(UnicodeScalar(byte)).isHexDigit
                }
                if isID { found.insert(Data(part)) }
            }
        }
        return found
    }
}

/// The files of a server's data directory, by name.
func dataFiles(in directory: TestDirectory) throws -> [(name: String, bytes: Data)] {
    let folder = URL(filePath: directory.data)
    return try FileManager.default.contentsOfDirectory(atPath: directory.data).sorted().map {
        ($0, try Data(contentsOf: folder.appending(path: $0)))
    }
}

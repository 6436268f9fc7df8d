internal import JSON

/// A command to the simulator, as somebody wrote it: an object with `do` and what that needs.
///
/// Every field must be of its kind and known to its command, so that a slip of the pen is a
/// refusal and not a test that tests nothing.
struct SimulatorCommand {
    let name: String
    private let object: JSONObject

    init(_ value: JSONValue) throws(SimulatorRefusal) {
        guard let object = value.object, let name = object["do"]?.string else {
            throw SimulatorRefusal(#"A command is an object like {"do":"sync"}."#)
        }
        self.object = object
        self.name = name
    }

    /// Refuses what is none of these fields.
    func allowOnly(_ fields: String...) throws(SimulatorRefusal) {
        for member in object.members where !member.key.utf8.elementsEqual("do".utf8) {
            guard fields.contains(where: { $0.utf8.elementsEqual(member.key.utf8) }) else {
                throw SimulatorRefusal(#""\#(name)" knows no "\#(member.key)"."#)
            }
        }
    }

    func text(_ field: String) throws(SimulatorRefusal) -> String? {
        try read(field, "a text") { $0.string }
    }

    func needText(_ field: String) throws(SimulatorRefusal) -> String {
        guard let text = try text(field) else {
            throw SimulatorRefusal(#""\#(name)" needs "\#(field)"."#)
        }
        return text
    }

    func flag(_ field: String) throws(SimulatorRefusal) -> Bool? {
        try read(field, "true or false") { $0.bool }
    }

    func texts(_ field: String) throws(SimulatorRefusal) -> [String]? {
        try read(field, "a list of texts") { value in
            guard let texts = value.array?.map(\.string), !texts.contains(nil) else { return nil }
            return texts.compactMap(\.self)
        }
    }

    /// A whole number within `range`.
    func number(
        _ field: String, in range: ClosedRange<Int>
    ) throws(SimulatorRefusal) -> Int? {
        try read(field, "a number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.int.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    private func read<Result>(
        _ field: String, _ kind: String, _ read: (JSONValue) -> Result?
    ) throws(SimulatorRefusal) -> Result? {
        guard let value = object[field], !value.isNull else { return nil }
        guard let result = read(value) else {
            throw SimulatorRefusal(#""\#(field)" of "\#(name)" must be \#(kind)."#)
        }
        return result
    }
}

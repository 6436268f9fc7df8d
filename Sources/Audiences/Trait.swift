/// An exported profile property that the connection keeps.
///
/// Names and texts compare byte by byte: a value that changed only in how an accent is composed
/// has changed.
package struct Trait: Sendable, Hashable {
    package var name: String
    package var value: TraitValue

    package init(name: String, value: TraitValue) {
        self.name = name
        self.value = value
    }

    package static func == (left: Trait, right: Trait) -> Bool {
        sameBytes(left.name, right.name) && left.value == right.value
    }

    package func hash(into hasher: inout Hasher) {
        hashBytes(of: name, into: &hasher)
    }
}

/// A scalar; lists and objects are never kept.
package enum TraitValue: Sendable, Hashable {
    /// At most ``Limits/traitBytesMax`` bytes.
    case text(String)
    /// The number as it was written, so that nothing is rounded.
    case number(String)
    case bool(Bool)

    package static func == (left: TraitValue, right: TraitValue) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)), (.number(let left), .number(let right)):
            sameBytes(left, right)
        case (.bool(let left), .bool(let right)):
            left == right
        default:
            false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .text(let text), .number(let text): hashBytes(of: text, into: &hasher)
        case .bool(let flag): hasher.combine(flag)
        }
    }
}

/// What a page says about one trait of one person; a `nil` value removes it.
package struct TraitChange: Sendable, Hashable {
    package var name: String
    package var value: TraitValue?

    package init(name: String, value: TraitValue?) {
        self.name = name
        self.value = value
    }

    package static func == (left: TraitChange, right: TraitChange) -> Bool {
        sameBytes(left.name, right.name) && left.value == right.value
    }

    package func hash(into hasher: inout Hasher) {
        hashBytes(of: name, into: &hasher)
    }
}

extension [Trait] {
    /// Takes over what a page says; false if that changed nothing.
    ///
    /// In the order of the names' bytes, if it says something.
    @discardableResult
    package mutating func take(_ changes: [TraitChange]) -> Bool {
        guard !changes.isEmpty else { return false }
        let before = self
        for change in changes {
            removeAll { sameBytes($0.name, change.name) }
            if let value = change.value {
                append(Trait(name: change.name, value: value))
            }
        }
        sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return self != before
    }
}

/// Swift compares strings by canonical equivalence; ids and names are bytes.
func sameBytes(_ left: String, _ right: String) -> Bool {
    let areSame = left.utf8.withContiguousStorageIfAvailable { left in
        right.utf8.withContiguousStorageIfAvailable { right in
            // Every id of every page comes here: without a way out in the middle, it is a few
            // instructions for sixteen bytes.
            guard left.count == right.count else { return false }
            var difference: UInt8 = 0
            for (left, right) in zip(left, right) { difference |= left ^ right }
            return difference == 0
        }
    }
    return (areSame ?? nil) ?? left.utf8.elementsEqual(right.utf8)
}

func hashBytes(of text: String, into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
}

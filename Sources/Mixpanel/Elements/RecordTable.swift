internal import JSON

/// Records of Mixpanel's as the rows of a CSV file (RFC 4180).
///
/// A file needs its columns before its rows, so records are read twice: first ``note(_:)`` for
/// each, then ``header`` and ``row(_:)``. In the second reading there is nothing new, or it goes
/// into the last column.
package struct RecordTable: Sendable {
    /// How many properties have columns of their own; spreadsheets take 16,384 columns, and people
    /// fewer.
    package static let columnsMax = 1000
    /// How long the names of all columns may be together, in bytes.
    package static let namesBytesMax = 1024 * 1024

    private let identity: String
    private let properties: String
    private var columns: [[UInt8]: Int] = [:]
    private var names: [[UInt8]] = []
    private var namesBytes = 0
    private var hasRest = false

    /// - Parameters:
    ///   - identity: the member of a record that is the first column.
    ///   - properties: the member whose members are the others.
    package init(identity: String, properties: String) {
        self.identity = identity
        self.properties = properties
    }

    /// Collects the columns of a record.
    package mutating func note(_ record: [UInt8]) {
        guard let record = Record(record, identity, properties) else {
            hasRest = true
            return
        }
        if !record.others.isEmpty { hasRest = true }
        for (name, _) in record.properties where columns[name] == nil {
            guard names.count < Self.columnsMax, namesBytes + name.count <= Self.namesBytesMax
            else {
                hasRest = true
                continue
            }
            columns[name] = names.count
            names.append(name)
            namesBytes += name.count
        }
    }

    /// The first line, with its end.
    package var header: [UInt8] {
        Self.line([Array(identity.utf8)] + names + (hasRest ? [Array(Self.restName.utf8)] : []))
    }

    /// The line of a record, with its end.
    ///
    /// Texts are written as they are, everything else as JSON, and what is not there or `null` as
    /// nothing. What has no column stands in the last one, as a JSON object.
    package func row(_ record: [UInt8]) -> [UInt8] {
        var cells = [[UInt8]](repeating: [], count: names.count + 1)
        var rest: [(name: [UInt8], value: [UInt8])] = []
        if let record = Record(record, identity, properties) {
            cells[0] = Self.cell(record.identity)
            for (name, value) in record.properties {
                if let column = columns[name] {
                    cells[column + 1] = Self.cell(value)
                } else {
                    rest.append((name, value))
                }
            }
            rest += record.others
        } else {
            rest = [(Array("record".utf8), record)]
        }
        if hasRest { cells.append(rest.isEmpty ? [] : Self.object(rest)) }
        return Self.line(cells)
    }

    private static let restName = "other properties"

    /// A value as it stands in a cell: a text without its quotes.
    private static func cell(_ json: [UInt8]) -> [UInt8] {
        guard json.first == UInt8(ascii: "\"") else {
            return json.elementsEqual("null".utf8) ? [] : json
        }
        return json.scanned { scanner throws(JSONError) -> [UInt8]? in
            guard case .string(let text) = try scanner.wholeValue() else { return nil }
            var plain: [UInt8] = []
            _ = scanner.source.unescape(text, into: &plain)
            return plain
        } ?? json
    }

    private static func object(_ members: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in members {
            bytes.append(bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            var json = JSONWriter()
            json.key(utf8: name)
            bytes += json.bytes + value
        }
        return bytes + [UInt8(ascii: "}")]
    }

    private static func line(_ cells: [[UInt8]]) -> [UInt8] {
        var line: [UInt8] = []
        for (place, cell) in cells.enumerated() {
            if place > 0 { line.append(UInt8(ascii: ",")) }
            line += quoted(cell)
        }
        return line + [0x0D, 0x0A]
    }

    /// In quotes if it must be.
    private static func quoted(_ cell: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let isPlain = cell.allSatisfy {
            $0 != quote && $0 != UInt8(ascii: ",") && $0 != 0x0D && $0 != 0x0A
        }
        guard !isPlain else { return cell }
        return [quote] + cell.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }
}

/// A record, taken apart: names as text, values as they are written.
private struct Record {
    var identity: [UInt8] = []
    var properties: [(name: [UInt8], value: [UInt8])] = []
    /// What is neither.
    var others: [(name: [UInt8], value: [UInt8])] = []

    /// `nil` if it is no object.
    init?(_ json: [UInt8], _ identity: String, _ properties: String) {
        let read = json.scanned { scanner throws(JSONError) -> Record? in
            var record = Record()
            let isObject = try scanner.eachMember { scanner, key throws(JSONError) in
                let name = scanner.name(of: key)
                if name.elementsEqual(identity.utf8) {
                    record.identity = try scanner.recordValue()
                } else if name.elementsEqual(properties.utf8) {
                    let whole = scanner
                    let isObject = try scanner.eachMember { scanner, key throws(JSONError) in
                        let name = scanner.name(of: key)
                        record.properties.append((name, try scanner.recordValue()))
                    }
                    guard !isObject else { return }
                    var again = whole
                    record.others.append((name, try again.recordValue()))
                } else {
                    record.others.append((name, try scanner.recordValue()))
                }
            }
            return isObject ? record : nil
        }
        guard let read else { return nil }
        self = read
    }

    private init() {}
}

extension JSONScanner {
    fileprivate func name(of key: JSONText) -> [UInt8] {
        var name: [UInt8] = []
        _ = source.unescape(key, into: &name)
        return name
    }
}

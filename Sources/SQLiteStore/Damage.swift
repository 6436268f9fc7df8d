import Audiences

/// What a row says that no version of this program wrote.
func damage(_ what: String) -> Failure {
    Failure(.internal, "The store is damaged; restore a backup.", detail: what)
}

extension SQLRow {
    func externalID(_ column: Int32) throws -> ExternalID {
        guard let id = ExternalID(text(column)) else { throw damage("an id is malformed") }
        return id
    }

    func optionalExternalID(_ column: Int32) throws -> ExternalID? {
        isNull(column) ? nil : try externalID(column)
    }

    /// A value that one of the formats of `Coding.swift` decodes.
    func decoded<Value>(_ column: Int32, by decode: ([UInt8]) -> Value?) throws -> Value {
        guard let value = decode(bytes(column)) else { throw damage("a blob is malformed") }
        return value
    }

    /// A case of a closed set by its raw text.
    func named<Value: RawRepresentable>(
        _ column: Int32, _ type: Value.Type = Value.self
    ) throws -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: text(column)) else {
            throw damage("\(Value.self) \(text(column)) is unknown")
        }
        return value
    }
}

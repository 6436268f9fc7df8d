import Audiences
import HTTPWire
import JSON
import Mixpanel
import Routing

extension Request {
    /// The body, whatever JSON it is.
    func value(_ limits: EndpointLimits) async throws -> JSONValue {
        try JSONValue(reading: try await collectBody(limits.apiBody, inflate: limits.inflate))
    }

    /// `where` in Mixpanel's language; `nil` for everything.
    func expression() throws -> String? {
        guard let text = try query("where"), !text.isEmpty else { return nil }
        return try CEQL(text).expression()
    }

    /// `where` as names and values that all have to be so.
    func parametersOfWhere() throws -> [(name: String, value: String)] {
        guard let text = try query("where"), !text.isEmpty else { return [] }
        return try CEQL(text).parameters().map { name, value in
            switch value {
            case .text(let text), .number(let text): (name, text)
            case .bool(let flag): (name, flag ? "true" : "false")
            }
        }
    }
}

extension JSONWriter {
    /// A list of values that are JSON already.
    static func array(of values: [[UInt8]]) -> [UInt8] {
        Array("[".utf8) + values.joined(separator: [UInt8(ascii: ",")]) + Array("]".utf8)
    }
}

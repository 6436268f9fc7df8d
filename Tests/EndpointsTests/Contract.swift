import Endpoints
import HTTPWire
import JSON
import TestSupport

/// The OpenAPI document as a client reads it.
struct Contract: Sendable {
    static let document: JSONValue = {
        (try? JSONValue(parsing: OpenAPIDocument.bytes)) ?? .null
    }()

    /// One operation of the document.
    struct Operation: Sendable {
        let method: String
        let path: String
        let object: JSONObject

        var id: String { object["operationId"]?.string ?? "" }

        /// 0 for each segment of the path that is a literal, 1 for a parameter.
        fileprivate var literals: [Int] {
            path.split(separator: "/").map { $0.first == "{" ? 1 : 0 }
        }

        var isOfElements: Bool { path.hasPrefix("/elements/") }

        /// The scopes of an operator key that it takes; `nil` if it takes no operator key.
        var scopes: [String]? {
            let schemes = object["security"]?.array?.first?.object
            return schemes?["operatorKey"]?.array?.compactMap(\.string)
        }

        /// Names of parameters at one place.
        func parameters(in place: String) -> [JSONObject] {
            (object["parameters"]?.array ?? []).compactMap(\.object)
                .filter { $0["in"]?.string == place }
        }

        /// The body's schema.
        var body: JSONValue? {
            object["requestBody"]?.object?["content"]?.object?["application/json"]?
                .object?["schema"]
        }

        /// The path with an id that could be one in each place.
        var examplePath: String {
            parameters(in: "path").reduce(path) { path, parameter in
                let name = parameter["name"]?.string ?? ""
                let example = parameter["schema"]?.object?["examples"]?.array?.first?.string ?? ""
                return path.replacing("{\(name)}", with: example)
            }
        }

        /// The answer of a status, with references followed.
        func answer(_ status: Int) -> JSONObject? {
            let answer = object["responses"]?.object?[String(status)]
            if let reference = answer?.object?["$ref"]?.string {
                return Contract.document.target(of: reference)?.object
            }
            return answer?.object
        }
    }

    static let operations: [Operation] = {
        let paths = document.object?["paths"]?.object?.members ?? []
        return paths.flatMap { path, methods in
            (methods.object?.members ?? []).compactMap { method, operation in
                operation.object.map {
                    Operation(method: method.uppercased(), path: path, object: $0)
                }
            }
        }
    }()

    /// The operation that a request is one of; `nil` if there is none.
    static func operation(_ method: Method, _ segments: [String]) -> Operation? {
        let wanted = method == .head ? "GET" : method.name
        // A slash at the end is the same path.
        let segments = segments.last == "" ? segments.dropLast() : segments[...]
        let matching = operations.filter { operation in
            let pattern = operation.path.split(separator: "/")
            return pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { $0.first == "{" || $0 == $1 }
        }
        // A literal wins over a parameter, the earlier one first, whatever the method.
        let path = matching.min { left, right in
            left.literals.lexicographicallyPrecedes(right.literals)
        }?.path
        return matching.first { $0.path == path && $0.method == wanted }
    }

    /// What was found out about an answer.
    struct Finding {
        /// In what it differs from what the document says.
        var problems: [String] = []
        /// Which properties it has, and which operation it answers: names of ``all``.
        var met: Set<String> = []
    }

    /// Every operation with each good status, and every property of their answers.
    static let all = described(by: operations.filter { !$0.isOfElements })

    /// The same of the element API.
    static let ofElements = described(by: operations.filter(\.isOfElements))

    private static func described(by operations: [Operation]) -> Set<String> {
        operations.reduce([]) { found, operation in
            let statuses = [200, 201, 202, 204, 304].filter { operation.answer($0) != nil }
            return statuses.reduce(found) { found, status in
                let place = "\(operation.id) \(status)"
                let content = operation.answer(status)?["content"]?.object?["application/json"]
                let schema = content?.object?["schema"] ?? .null
                return found.union([place])
                    .union(JSONSchema(document).described(by: schema, place))
            }
        }
    }

    static func finding(
        of answer: Answer, to method: Method, _ segments: [String]
    ) -> Finding {
        guard let operation = operation(method, segments) else {
            return Finding(problems: refusals(of: answer, segments))
        }
        let place = "\(operation.id) \(answer.status)"
        guard let described = operation.answer(answer.status) else {
            return Finding(problems: ["\(place): no such status is described"])
        }
        let headers = (described["headers"]?.object?.members ?? []).filter { header in
            let target = header.value.object?["$ref"]?.string.flatMap(document.target)
            return target?.object?["required"]?.bool == true
                && answer.response.header(header.key) == nil
        }
        var finding = content(of: answer, described, method, place)
        finding.problems += headers.map { "\(place): \($0.key) is missing" }
        finding.met.insert(place)
        return finding
    }

    /// What nobody has described is refused in the shape of errors.
    private static func refusals(of answer: Answer, _ segments: [String]) -> [String] {
        guard [404, 405, 501].contains(answer.status) else {
            return answer.response.header("Allow") != nil && answer.bytes.isEmpty
                ? [] : ["\(answer.status) to what is not described"]
        }
        let name = segments.first == "elements" ? "ElementError" : "Error"
        let schema: JSONValue = ["$ref": .string("#/components/schemas/\(name)")]
        return finding(answer.bytes, schema, "refusal").problems
    }

    private static func content(
        of answer: Answer, _ described: JSONObject, _ method: Method, _ place: String
    ) -> Finding {
        guard let content = described["content"]?.object else {
            return Finding(
                problems: answer.bytes.isEmpty ? [] : ["\(place): no body is described"])
        }
        let type = answer.response.header("Content-Type")?.prefix { $0 != ";" } ?? ""
        guard let schema = content[String(type)]?.object?["schema"] else {
            return Finding(problems: ["\(place): no \(type) is described"])
        }
        guard type == "application/json", method != .head else { return Finding() }
        return finding(answer.bytes, schema, place)
    }

    private static func finding(
        _ body: [UInt8], _ schema: JSONValue, _ place: String
    ) -> Finding {
        guard let value = try? JSONValue(parsing: body) else {
            return Finding(problems: ["\(place): not JSON"])
        }
        var checker = JSONSchema(document)
        let problems = checker.problems(value, schema, place)
        return Finding(problems: problems, met: checker.met)
    }
}

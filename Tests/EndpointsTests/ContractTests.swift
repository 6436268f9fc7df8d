import Audiences
import Endpoints
import HTTPWire
import JSON
import Routing
import TestSupport
import Testing

/// The OpenAPI document and the server are one.
///
/// Beside these, every test of this target has each answer checked by ``House``.
@Suite struct ContractTests {
    let house = House()

    @Test func everyRouteIsDescribedAndNothingElse() {
        let routes = house.router.routes.map { route in
            let segments = route.pattern.split(separator: "/").map { segment in
                segment.hasPrefix(":") ? "{\(segment.dropFirst())}" : String(segment)
            }
            return route.method.name + " /" + segments.joined(separator: "/")
        }
        let described = Contract.operations.map { "\($0.method) \($0.path)" }
        #expect(Set(routes) == Set(described))
        #expect(routes.count == described.count)
    }

    @Test func namesAreUniqueAndReferencesLeadSomewhere() throws {
        let ids = Contract.operations.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(!ids.contains(""))
        let schemas = try #require(
            Contract.document.target(of: "#/components/schemas")?.object)
        let responses = try #require(
            Contract.document.target(of: "#/components/responses")?.object)
        let references = Contract.document.references
        for reference in references {
            #expect(Contract.document.target(of: reference) != nil, "\(reference)")
        }
        for (kind, names) in [("schemas", schemas), ("responses", responses)] {
            for (name, _) in names.members {
                #expect(references.contains("#/components/\(kind)/\(name)"), "\(name) is unused")
            }
        }
    }

    @Test func everyExampleIsValid() {
        var checked = 0
        for (schema, example) in Contract.document.examples {
            var checker = JSONSchema(Contract.document)
            #expect(checker.problems(example, schema, "example").isEmpty)
            checked += 1
        }
        #expect(checked > 100)
    }

    @Test func everyParameterSaysWhatItIs() {
        for operation in Contract.operations {
            for place in ["path", "query", "header"] {
                for parameter in operation.parameters(in: place) {
                    let schema = parameter["schema"]?.object
                    #expect(schema?["type"] != nil && schema?["description"] != nil)
                }
            }
        }
    }

    /// In both directions: what is described is known, and what is not is refused by its name.
    @Test(arguments: Contract.operations.filter { $0.scopes != nil })
    func queryParametersAreThoseDescribed(operation: Contract.Operation) async throws {
        let key = try await house.operatorKey()
        func answer(_ query: String) async throws -> Answer {
            try await house.send(
                operation.asMethod, "\(operation.examplePath)?\(query)", headers: key)
        }
        for parameter in operation.parameters(in: "query") {
            let name = try #require(parameter["name"]?.string)
            let message = try await answer("\(name)=").errorMessage
            #expect(message?.contains("is no query parameter") != true, "\(name)")
        }
        let unknown = try await answer("colour=red")
        #expect(unknown.status == 400)
        #expect(unknown.errorMessage?.contains("colour") == true)
    }

    @Test(arguments: Contract.operations.filter { $0.scopes != nil })
    func aKeyReachesAsFarAsItsScope(operation: Contract.Operation) async throws {
        let reader = try await house.operatorKey(.read)
        let body = ArrayBody("{}")
        let answer = try await house.send(
            operation.asMethod, operation.examplePath, headers: reader, body: body)
        #expect((answer.status == 403) == (operation.scopes == ["admin"]))
        if answer.status == 403 {
            #expect(answer.errorCode == "forbidden")
            #expect(answer.errorMessage?.contains("admin") == true)
            #expect(
                answer.response.header("WWW-Authenticate")
                    == #"Bearer realm="muster", error="insufficient_scope", scope="admin""#)
            #expect(!body.wasRead)
        }
        let nobody = try await house.send(operation.asMethod, operation.examplePath)
        #expect(nobody.status == 401)
    }

    @Test(arguments: Contract.operations.filter { $0.scopes != nil && $0.body != nil })
    func aKeyOfABodyThatIsNotDescribedIsRefused(operation: Contract.Operation) async throws {
        let key = try await house.operatorKey()
        let answer = try await house.send(
            operation.asMethod, operation.examplePath, headers: key,
            body: ArrayBody(#"{"colour":"red"}"#))
        #expect(answer.status == 400)
    }

    @Test(arguments: Contract.operations)
    func whatAPathDoesNotAnswerIsToldWithWhatItDoes(operation: Contract.Operation) async throws {
        let described = Contract.operations.filter { $0.path == operation.path }.map(\.method)
        let answered = Set(described + (described.contains("GET") ? ["HEAD"] : []))
        for method in [Method.get, .head, .post, .put, .patch, .delete, .options, .trace]
        where !answered.contains(method.name) {
            let answer = try await house.send(method, operation.examplePath)
            #expect(answer.status == 405)
            #expect(answer.errorCode == "method_not_allowed" || answer.isOfElements)
            let allowed = try #require(answer.response.header("Allow"))
            #expect(Set(allowed.split(separator: ", ").map(String.init)) == answered)
        }
    }

    @Test func theDocumentIsServedToAnybodyAndNamesItsState() async throws {
        let first = try await house.send(.get, "/openapi.json")
        #expect(first.status == 200)
        #expect(first.object["openapi"] as? String == "3.1.0")
        let etag = try #require(first.response.header("ETag"))
        for names in [etag, "W/\(etag)", "\"x\", \(etag)", "*"] {
            let again = try await house.send(
                .get, "/openapi.json", headers: [("if-none-match", names)])
            #expect(again.status == 304)
            #expect(again.bytes.isEmpty)
            #expect(again.response.header("ETag") == etag)
        }
        let other = try await house.send(
            .get, "/openapi.json", headers: [("if-none-match", "\"x\"")])
        #expect(other.status == 200)
    }
}

extension Contract.Operation: CustomTestStringConvertible {
    var testDescription: String { id }

    var asMethod: Method {
        [Method.get, .post, .put, .patch, .delete].first { $0.name == method } ?? .options
    }
}

extension JSONValue {
    /// Every `$ref` in this.
    fileprivate var references: Set<String> {
        switch self {
        case .array(let elements): elements.reduce([]) { $0.union($1.references) }
        case .object(let object):
            object.members.reduce([]) { found, member in
                let own = member.key == "$ref" ? member.value.string.map { [$0] } ?? [] : []
                return found.union(own).union(member.value.references)
            }
        default: []
        }
    }

    /// Every example in this, with the schema it is an example of.
    fileprivate var examples: [(schema: JSONValue, example: JSONValue)] {
        switch self {
        case .array(let elements): elements.flatMap(\.examples)
        case .object(let object):
            (object["examples"]?.array ?? []).map { (self, $0) }
                + (object["example"].map { [(object["schema"] ?? .null, $0)] } ?? [])
                + object.members.filter { $0.key != "example" }.flatMap(\.value.examples)
        default: []
        }
    }
}

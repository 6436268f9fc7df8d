import Audiences
import HTTPWire
import JSON
import Mixpanel
import Routing

/// What an instance has, and whether it works.
struct ObjectEndpoints: Sendable {
    private let calls: ElementCalls
    private let instances: any InstanceStore
    private let now: @Sendable () -> Timestamp

    /// How long Mixpanel's last word on a credential is good enough for a ping: it costs a query of
    /// sixty an hour.
    static let pingMilliseconds: Int64 = 60_000

    init(_ parts: Dependencies) {
        calls = parts.elements.calls
        instances = parts.elements.instances
        now = parts.now
    }

    @Sendable func list(_ call: ElementCall) throws -> Response {
        .object { json in
            json.value(.array(ElementObject.allCases.map { .string($0.rawValue) }))
        }
    }

    @Sendable func metadata(_ call: ElementCall) throws -> Response {
        let name = call.request.parameters["object"]
        guard let object = ElementObject(rawValue: name) else {
            throw Failure(.notFound, "No object found with name \(name.prefix(64))")
        }
        return .object { json in
            json.beginObject()
            json.key("fields")
            json.beginArray()
            for (path, type) in object.fields {
                json.beginObject()
                json.key("path")
                json.string(path)
                json.key("type")
                json.string(type)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
    }

    /// Asks Mixpanel unless it has just said something.
    @Sendable func ping(_ call: ElementCall) async throws -> Response {
        var instance = try call.instance()
        let isFresh = instance.check.at.map { now().since($0) < Self.pingMilliseconds } ?? false
        if !isFresh {
            let credential = try calls.credential(of: instance)
            let (_, check) = try await calls.check(credential)
            try await instances.note(
                check, of: instance.id, having: instance.credential.sealed)
            instance.check = check
        }
        return .object { json in
            json.beginObject()
            json.key("dateTime")
            json.string(now().inSeconds)
            json.key("endpoint")
            json.string(ElementInstance.elementKey)
            json.key("valid")
            json.bool(instance.check.isValid)
            json.endObject()
        }
    }
}

extension ElementObject {
    /// What every one has; whatever else a project has stands in the object.
    fileprivate var fields: [(path: String, type: String)] {
        switch self {
        case .users: [("$distinct_id", "string"), ("$properties", "object")]
        case .activities:
            [
                ("event", "string"), ("properties", "object"),
                ("properties.distinct_id", "string"), ("properties.time", "number"),
                ("properties.$insert_id", "string"),
            ]
        }
    }
}

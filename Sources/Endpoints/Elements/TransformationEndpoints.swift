import Audiences
import HTTPWire
import JSON
import Routing

/// Which fields of an object an instance gives other names: field maps, without scripts.
struct TransformationEndpoints: Sendable {
    private let instances: any InstanceStore
    private let changes: InstanceChanges
    private let limits: EndpointLimits
    private let now: @Sendable () -> Timestamp

    init(_ parts: Dependencies) {
        instances = parts.elements.instances
        changes = InstanceChanges(parts)
        limits = parts.limits
        now = parts.now
    }

    @Sendable func list(_ call: ElementCall) async throws -> Response {
        let instance = try await changes.instance(of: call)
        return .object { json in
            json.beginArray()
            for map in instance.maps { json.fieldMap(map) }
            json.endArray()
        }
    }

    @Sendable func show(_ call: ElementCall) async throws -> Response {
        let map = try Self.map(of: try await changes.instance(of: call), call)
        return .object { json in json.fieldMap(map) }
    }

    /// Replaces the map of this name, if there is one.
    @Sendable func set(_ call: ElementCall) async throws -> Response {
        let body = try await call.request.object(
            limits, keys: ["objectName", "vendorName", "fields", "configuration"])
        let map = try FieldMap(named: call.request.parameters["name"], body)
        try await change(call, InstanceEdit(map: map))
        return .object { json in json.fieldMap(map) }
    }

    @Sendable func remove(_ call: ElementCall) async throws -> Response {
        let map = try Self.map(of: try await changes.instance(of: call), call)
        try await change(call, InstanceEdit(mapRemoved: map.name))
        return .object { json in json.value([:]) }
    }

    private func change(_ call: ElementCall, _ edit: InstanceEdit) async throws {
        let instance = try await changes.instance(of: call)
        _ = try await instances.update(
            instance.id, of: instance.organization, with: edit, at: now(), for: call.operation)
    }

    static func map(of instance: ElementInstance, _ call: ElementCall) throws -> FieldMap {
        let name = call.request.parameters["name"]
        guard let map = instance.maps.first(where: { $0.name.utf8.elementsEqual(name.utf8) })
        else { throw Failure(.notFound, "No transformation found with name \(name.prefix(64))") }
        return map
    }
}

extension FieldMap {
    /// Reads `{"vendorName","fields":[{"path","vendorPath"}],"configuration":[{"type"}]}`.
    fileprivate init(named name: String, _ body: JSONObject) throws(Failure) {
        let isPlain = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        guard isPlain, (1...Limits.fieldPathBytesMax).contains(name.utf8.count) else {
            throw Failure(.invalid, "The name must be of letters, digits, _ and -.")
        }
        guard body["vendorName"]?.string == ElementObject.users.rawValue else {
            throw Failure(.invalid, "vendorName must be users: no other object is listed.")
        }
        guard let values = body["fields"]?.array,
            (1...Limits.mappedFieldsMax).contains(values.count)
        else {
            throw Failure(
                .invalid, "fields must be a list of 1 to \(Limits.mappedFieldsMax) fields.")
        }
        let fields = try values.map { value throws(Failure) in
            guard let path = Self.path(value, "path"),
                let vendorPath = Self.path(value, "vendorPath")
            else {
                throw Failure(
                    .invalid,
                    "Each field must have path and vendorPath, of 1 to "
                        + "\(Limits.fieldPathBytesMax) bytes.")
            }
            return Field(path: path, vendorPath: vendorPath)
        }
        self.init(
            name: name, object: .users, fields: fields,
            isPassThrough: try Self.isPassThrough(body["configuration"]))
    }

    private static func path(_ value: JSONValue, _ key: String) -> String? {
        value.object?[key]?.string.flatMap { text in
            (1...Limits.fieldPathBytesMax).contains(text.utf8.count) ? text : nil
        }
    }

    private static func isPassThrough(_ value: JSONValue?) throws(Failure) -> Bool {
        guard let value, !value.isNull else { return false }
        let types = (value.array ?? [.null]).map { $0.object?["type"]?.string }
        guard types.allSatisfy({ $0 == "passThrough" }) else {
            throw Failure(.invalid, "configuration may only have {\"type\":\"passThrough\"}.")
        }
        return !types.isEmpty
    }
}

extension JSONWriter {
    fileprivate mutating func fieldMap(_ map: FieldMap) {
        beginObject()
        key("objectName")
        string(map.name)
        key("vendorName")
        string(map.object.rawValue)
        key("fields")
        beginArray()
        for field in map.fields {
            beginObject()
            key("path")
            string(field.path)
            key("vendorPath")
            string(field.vendorPath)
            endObject()
        }
        endArray()
        key("configuration")
        beginArray()
        if map.isPassThrough {
            beginObject()
            key("type")
            string("passThrough")
            endObject()
        }
        endArray()
        endObject()
    }
}

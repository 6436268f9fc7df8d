import Audiences
import HTTPWire
import JSON
import Routing

/// What is configured about an instance, item by item; secrets are masked.
struct ConfigurationEndpoints: Sendable {
    private let changes: InstanceChanges
    private let limits: EndpointLimits

    init(_ parts: Dependencies) {
        changes = InstanceChanges(parts)
        limits = parts.limits
    }

    @Sendable func list(_ call: ElementCall) async throws -> Response {
        let instance = try await changes.instance(of: call)
        return .object { json in
            json.beginArray()
            for item in ConfigurationItem.allCases { json.configurationItem(item, of: instance) }
            json.endArray()
        }
    }

    @Sendable func show(_ call: ElementCall) async throws -> Response {
        let item = try item(call)
        let instance = try await changes.instance(of: call)
        return .object { json in json.configurationItem(item, of: instance) }
    }

    @Sendable func edit(_ call: ElementCall) async throws -> Response {
        let item = try item(call)
        let body = try await call.request.object(limits, keys: ["propertyValue"])
        guard let value = body["propertyValue"] else {
            throw Failure(.invalid, "propertyValue must be given.")
        }
        let wish = try ConfigurationWish(item.rawValue, value)
        let instance = try await changes.change(
            changes.instance(of: call), InstanceEdit(), wish,
            asking: try call.request.verifies(), for: call.operation)
        return .object { json in json.configurationItem(item, of: instance) }
    }

    /// By its number or its key.
    private func item(_ call: ElementCall) throws(Failure) -> ConfigurationItem {
        let text = call.request.parameters["item"]
        let number = call.request.number("item")
        let found = ConfigurationItem.allCases.first { item in
            item.rawValue.utf8.elementsEqual(text.utf8) || number == Int64(item.number)
        }
        guard let found else {
            throw Failure(.notFound, "No configuration found with ID \(text.prefix(64))")
        }
        return found
    }
}

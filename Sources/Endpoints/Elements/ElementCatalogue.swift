import Audiences
import HTTPWire
import JSON
import Routing

/// What elements there are: one.
struct ElementCatalogue: Sendable {
    @Sendable func list(_ call: ElementCall) throws -> Response {
        .object { json in json.value(.array([Catalogue.element])) }
    }

    @Sendable func keys(_ call: ElementCall) throws -> Response {
        .object { json in json.value([.string(ElementInstance.elementKey)]) }
    }

    @Sendable func show(_ call: ElementCall) throws -> Response {
        try call.request.checkElement()
        return .object { json in json.value(Catalogue.element) }
    }

    @Sendable func configuration(_ call: ElementCall) throws -> Response {
        try call.request.checkElement()
        return .object { json in
            json.beginObject()
            json.key("configuration")
            json.beginArray()
            for item in ConfigurationItem.allCases { json.configurationItem(item, of: nil) }
            json.endArray()
            json.key("providerData")
            json.beginArray()
            json.endArray()
            json.endObject()
        }
    }

    /// The part of the OpenAPI document that is about this API.
    @Sendable func document(_ call: ElementCall) throws -> Response {
        if !call.request.parameters["element"].isEmpty { try call.request.checkElement() }
        return .json(.ok, OpenAPIDocument.elementBytes)
    }
}

extension Request {
    /// Throws `notFound` if the path names an element that is not this one.
    func checkElement() throws(Failure) {
        let element = parameters["element"]
        guard
            element.utf8.elementsEqual(ElementInstance.elementKey.utf8)
                || Int(plainDecimal: element.utf8) == Catalogue.id
        else { throw Failure(.notFound, "No element found with key or ID \(element.prefix(64))") }
    }

    /// The number named in the path; `nil` if it is none.
    func number(_ parameter: String) -> Int64? {
        Int(plainDecimal: parameters[parameter].utf8).map(Int64.init)
    }

    /// Which part of a list is wanted: `pageSize` and `nextPage`.
    ///
    /// - Returns: the range, and the page size that was wanted if it had to be cut.
    func elementRange() throws(Failure) -> (range: ListRange, cut: Int?) {
        var range = ListRange(limit: ElementPaging.pageSizeDefault)
        range.after = try query("nextPage").flatMap { $0.isEmpty ? nil : Cursor($0) }
        guard let size = try pageSize() else { return (range, nil) }
        range.limit = min(size, Limits.listItemsMax)
        return (range, size > Limits.listItemsMax ? size : nil)
    }

    /// `nil` if none is given.
    func pageSize() throws(Failure) -> Int? {
        guard let text = try query("pageSize"), !text.isEmpty else { return nil }
        guard let size = Int(plainDecimal: text.utf8), size >= 1 else {
            throw Failure(.invalid, "pageSize must be a number from 1 on.")
        }
        return size
    }
}

enum ElementPaging {
    /// That of the original.
    static let pageSizeDefault = 200

    /// Says in headers, as the original does, where a list goes on, how many are here, and whether
    /// fewer are here than were asked for.
    static func headers(
        next: String?, count: Int, cut: Int? = nil, total: Int? = nil
    ) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = [
            ("Elements-Returned-Count", String(count))
        ]
        if let total { headers.append(("Elements-Total-Count", String(total))) }
        if let next { headers.append(("Elements-Next-Page-Token", next)) }
        if let cut {
            headers.append(
                ("Elements-Error", "pageSize \(cut) was cut to \(Limits.listItemsMax)"))
        }
        return headers
    }
}

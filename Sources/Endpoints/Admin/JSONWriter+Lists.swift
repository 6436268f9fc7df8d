import Audiences
import HTTPWire
import JSON
import Routing

extension JSONWriter {
    mutating func optional(_ text: String?) {
        if let text { string(text) } else { null() }
    }

    mutating func optional(_ id: ExternalID?) {
        optional(id?.text)
    }

    mutating func time(_ time: Timestamp?) {
        optional(time?.rfc3339)
    }

    mutating func optional(_ number: Int?) {
        if let number { int(number) } else { null() }
    }
}

extension Response {
    /// An answer of one object.
    static func object(
        _ status: Status = .ok, _ write: (inout JSONWriter) -> Void
    ) -> Response {
        var json = JSONWriter()
        write(&json)
        return .json(status, json.bytes)
    }

    /// A page of a list: `{"object":"list","data":[…],"has_more":…,"next":…}`.
    ///
    /// - Parameters:
    ///   - page: what the store answered.
    ///   - beside: writes further keys of the list's own.
    ///   - write: writes one item.
    /// - Returns: the answer.
    static func list<Item>(
        _ page: ListPage<Item>, beside: (inout JSONWriter) -> Void = { _ in },
        _ write: (inout JSONWriter, Item) -> Void
    ) -> Response {
        .object { json in
            json.beginObject()
            json.key("object")
            json.string("list")
            beside(&json)
            json.key("data")
            json.beginArray()
            for item in page.items { write(&json, item) }
            json.endArray()
            json.key("has_more")
            json.bool(page.next != nil)
            json.key("next")
            json.optional(page.next?.text)
            json.endObject()
        }
    }
}

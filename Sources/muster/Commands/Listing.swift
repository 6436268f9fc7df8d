import Audiences
import JSON

/// What the listings share.
enum Listing {
    /// One JSON array, an item a line.
    static func json<Item>(_ items: [Item], _ write: (inout JSONWriter, Item) -> Void) -> [UInt8] {
        let lines = items.map { item in
            var json = JSONWriter()
            write(&json, item)
            return json.bytes
        }
        return Array("[".utf8) + lines.joined(separator: Array(",\n ".utf8)) + Array("]\n".utf8)
    }
}

/// Walks a list to its end.
func everything<Item>(
    _ page: (ListRange) async throws -> ListPage<Item>
) async throws -> [Item] {
    var items: [Item] = []
    var range = ListRange(limit: Limits.listItemsMax)
    repeat {
        let page = try await page(range)
        items += page.items
        range.after = page.next
    } while range.after != nil
    return items
}

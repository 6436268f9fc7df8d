import ArgumentParser
import Audiences
import SQLiteStore

// What people name by its id or by the name they gave it.

extension SQLiteStore {
    /// A connection; the only one there is, if nobody is named.
    func connection(named text: String?) async throws -> Connection {
        let all = try await everything { try await connections($0) }
        guard let text else {
            guard let only = all.first else {
                throw Failure(
                    .notFound, "There is no connection yet; `muster connection create` makes one.")
            }
            guard all.count == 1 else {
                throw Failure(
                    .invalid,
                    "There are several connections: say which; `muster connection list` has them.")
            }
            return only
        }
        return try one(of: all, named: text, "connection", id: \.id.text, name: \.name)
    }

    /// A study by its id or name.
    func study(named text: String) async throws -> Study {
        let all = try await everything { try await studies(of: nil, $0) }
        return try one(of: all, named: text, "study", id: \.id.text, name: \.name)
    }

    /// A launch rule by its id or name.
    func rule(named text: String) async throws -> LaunchRule {
        let all = try await everything { try await rules(matching: LaunchRuleFilter(), $0) }
        return try one(of: all, named: text, "rule", id: \.id.text, name: \.name)
    }

    /// An audience of a connection by its id or name.
    func audience(named text: String, of connection: ConnectionID) async throws -> Audience {
        let filter = AudienceFilter(connection: connection)
        let all = try await everything { try await audiences(matching: filter, $0) }
        return try one(
            of: all, named: text, "audience", id: \.id.text, name: { $0.cohort.name ?? "" })
    }
}

/// The one item of this id, or of this name if no other has it too.
private func one<Item>(
    of items: [Item], named text: String, _ noun: String, id: (Item) -> String,
    name: (Item) -> String
) throws(Failure) -> Item {
    if let item = items.first(where: { id($0) == text }) { return item }
    let found = items.filter { name($0).utf8.elementsEqual(text.utf8) }
    guard found.count <= 1 else {
        throw Failure(
            .invalid,
            "More than one \(noun) is called that: use its id; `muster \(noun) list` has them.")
    }
    guard let item = found.first else {
        throw Failure(
            .notFound,
            "There is no \(noun) of this id or name; `muster \(noun) list` has them.")
    }
    return item
}

/// A number, or `none` to take a limit away.
struct Bound: ExpressibleByArgument {
    let value: Int?

    init?(argument: String) {
        guard argument != "none" else {
            value = nil
            return
        }
        guard let number = Int(argument), number > 0 else { return nil }
        value = number
    }

    /// Throws if it is more than may be.
    func checked(_ option: String, most: Int) throws -> Bound {
        guard (value ?? 1) <= most else {
            throw ValidationError("\(option) must be 1 to \(most), or none.")
        }
        return self
    }
}

/// A moment, or `none` to take it away.
struct Moment: ExpressibleByArgument {
    let value: Timestamp?

    init?(argument: String) {
        guard argument != "none" else {
            value = nil
            return
        }
        guard let moment = Timestamp(rfc3339: argument) else { return nil }
        value = moment
    }
}

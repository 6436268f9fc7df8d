// Any bytes give a page or a refusal that names the field and can be answered; the members of a
// page are those a tree of the same bytes holds, in order, with ids we can keep; and every entry
// of the list is counted once.

import Audiences
import JSON
import Mixpanel

private let connection = Connection(
    id: ConnectionID.make(from: Array(0..<16)), name: "Fuzz", referenceProperty: "app_user_id",
    traitsAllowed: ["plan", "first_name"], createdAt: Timestamp(milliseconds: 0))

@_cdecl("LLVMFuzzerTestOneInput")
func cohortSync(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    let tree = try? JSONValue(parsing: bytes)
    do throws(CohortSyncRefusal) {
        let message = try CohortSyncMessage(parsing: bytes, for: connection)
        check(message.page)
        if let tree { check(message.page, against: tree) }
        checkAnswer(CohortSyncReply.success(action: message.action), echoes: message.action)
    } catch {
        check(error, ofJSON: tree != nil)
    }
    return 0
}

private func check(_ page: SyncPage) {
    precondition(page.entryCount == page.members.count + page.notes.unusableCount, "a miscount")
    if case .page(let number, let total) = page.position {
        precondition(1 <= number && number <= total && total <= Limits.pagesTotalMax, "no page")
    }
    for id in [page.sessionID, page.cohort.projectID, page.cohort.cohortID] {
        precondition(id.map(isUsable) ?? true, "an unusable id")
    }
    for member in page.members {
        precondition(isUsable(member.distinctID), "a member with an unusable id")
        if case .set(let id) = member.reference { precondition(isUsable(id), "unusable reference") }
        for trait in member.traits {
            switch trait.value {
            case .text(let text), .number(let text):
                precondition(text.utf8.count <= Limits.traitBytesMax, "a trait too long")
                precondition(!text.utf8.contains(0), "a trait with a NUL")
            case .bool, nil: break
            }
        }
    }
}

private func isUsable(_ id: ExternalID) -> Bool {
    (1...Limits.externalIDBytesMax).contains(id.text.utf8.count) && !id.text.utf8.contains(0)
}

/// What a page of `tree` must say of its members.
private func check(_ page: SyncPage, against tree: JSONValue) {
    let parameters = tree.object?["parameters"]?.object
    let inner = parameters?["members"].flatMap { $0.isNull ? nil : $0 }
    let entries = (inner ?? tree.object?["members"])?.array ?? []
    precondition(page.entryCount == entries.count, "an entry is not counted")
    let ids = entries.compactMap { entry -> [UInt8]? in
        switch entry.object?["mixpanel_distinct_id"] {
        case .string(let id), .number(let id): Array(id.utf8)
        default: nil
        }
    }
    let usable = ids.filter {
        (1...Limits.externalIDBytesMax).contains($0.count) && !$0.contains(0)
    }
    precondition(page.members.map { Array($0.distinctID.text.utf8) } == usable, "other members")
}

private func check(_ refusal: CohortSyncRefusal, ofJSON isJSON: Bool) {
    let subjects = ["action", "parameters", "members"]
    let saysBody = refusal.message.hasPrefix("The body is not")
    precondition(
        saysBody || subjects.contains { refusal.message.hasPrefix($0) }, "no field is named")
    precondition(
        !isJSON || !refusal.message.hasPrefix("The body is not JSON:"), "JSON is called no JSON")
    precondition(
        (refusal.action?.utf8.count ?? 0) <= CohortSyncMessage.echoedActionBytesMax, "a long echo")
    let answer = CohortSyncReply.failure(
        action: refusal.action, message: refusal.message, code: 400)
    checkAnswer(answer, echoes: refusal.action)
}

private func checkAnswer(_ answer: [UInt8], echoes action: String?) {
    let echo = (try? JSONValue(parsing: answer))?.object?["action"]
    precondition(
        echo?.string.map { Array($0.utf8) } == action.map { Array($0.utf8) }
            && echo?.isNull == (action == nil), "the action is not echoed")
}

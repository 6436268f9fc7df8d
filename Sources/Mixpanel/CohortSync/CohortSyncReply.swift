internal import JSON

/// The answer Mixpanel understands, and on failure shows to its user.
///
/// https://docs.mixpanel.com/docs/cohort-sync/webhooks: the action as received, a status, and
/// on failure a message and the HTTP status once more.
package enum CohortSyncReply {
    /// The page is stored, durably.
    package static func success(action: String) -> [UInt8] {
        var json = start(action: action, status: "success")
        json.endObject()
        return json.take()
    }

    /// The page is not stored.
    ///
    /// - Parameters:
    ///   - action: as received; `nil` if it is not known.
    ///   - message: one sentence for the person who set the sync up; no secret, no personal data.
    ///   - code: the status of the HTTP answer.
    /// - Returns: the JSON body of the answer.
    package static func failure(action: String?, message: String, code: Int) -> [UInt8] {
        var json = start(action: action, status: "failure")
        json.key("error")
        json.beginObject()
        json.key("message")
        json.string(message)
        json.key("code")
        json.int(code)
        json.endObject()
        json.endObject()
        return json.take()
    }

    private static func start(action: String?, status: String) -> JSONWriter {
        var json = JSONWriter(reservingCapacity: 256)
        json.beginObject()
        json.key("action")
        if let action {
            json.string(action)
        } else {
            json.null()
        }
        json.key("status")
        json.string(status)
        return json
    }
}

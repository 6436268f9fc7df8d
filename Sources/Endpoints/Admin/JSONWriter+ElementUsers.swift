package import Audiences
package import JSON

extension JSONWriter {
    /// - Parameters:
    ///   - user: whom to write; never their hashes.
    ///   - issued: their secrets, which are shown once.
    package mutating func elementUser(_ user: ElementUser, _ issued: IssuedElementUser? = nil) {
        beginObject()
        key("user_id")
        string(user.id.text)
        key("organization_id")
        string(user.organization.text)
        key("number")
        int(user.number)
        key("name")
        string(user.name)
        key("created_at")
        time(user.createdAt)
        if let issued {
            key("user_secret")
            string(issued.userSecret)
            key("organization_secret")
            optional(issued.organizationSecret)
        }
        endObject()
    }
}

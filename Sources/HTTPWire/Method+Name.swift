extension Method {
    /// The method as it stands in a request line.
    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .other(let name): name
        }
    }

    /// False for a method this server has never heard of, whose name is somebody else's text.
    package var isKnown: Bool {
        if case .other = self { false } else { true }
    }
}

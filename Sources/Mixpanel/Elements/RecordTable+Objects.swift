package import Audiences

extension RecordTable {
    /// The table of one of the element's objects.
    package init(of object: ElementObject) {
        switch object {
        case .users: self.init(identity: "$distinct_id", properties: "$properties")
        case .activities: self.init(identity: "event", properties: "properties")
        }
    }
}

/// Keeps element instances.
///
/// Every change is durable when it returns, and in the audit log; see ``Operation``. Ids of other
/// organizations are as good as none.
package protocol InstanceStore: Sendable {
    /// Adds an instance and gives it its id.
    ///
    /// - Throws: `conflict` if the organization has ``Limits/instancesMax`` already.
    func create(
        _ instance: ElementInstance, for operation: Operation
    ) async throws(Failure) -> ElementInstance

    /// The instance of this id; `nil` if the organization, or nobody if that is `nil`, has it.
    func instance(
        _ id: Int64, of organization: OrganizationID?
    ) async throws(Failure) -> ElementInstance?

    /// The instance that a token stands for; `nil` if there is none.
    func instance(tokenDigest: String) async throws(Failure) -> ElementInstance?

    /// Instances in the order they were made.
    func instances(
        matching filter: InstanceFilter, _ range: ListRange
    ) async throws(Failure) -> ListPage<ElementInstance>

    /// - Throws: `notFound` if the organization has no such instance.
    func update(
        _ id: Int64, of organization: OrganizationID, with edit: InstanceEdit, at now: Timestamp,
        for operation: Operation
    ) async throws(Failure) -> ElementInstance

    /// Removes an instance and its bulk jobs: its token opens nothing any more.
    ///
    /// - Throws: `notFound` if the organization has no such instance.
    func delete(
        _ id: Int64, of organization: OrganizationID, at now: Timestamp, for operation: Operation
    ) async throws(Failure)

    /// Keeps what Mixpanel said of a credential while it was used.
    ///
    /// Does nothing if the instance has another credential by now, or is gone.
    func note(
        _ check: CredentialCheck, of id: Int64, having credential: SealedSecret
    ) async throws(Failure)

    /// Exchanges the sealed texts of an instance for others of the same content.
    ///
    /// Does nothing if they are not those of `old` any more.
    func reseal(
        _ old: ElementInstance, token: SealedSecret, credential: SealedSecret
    ) async throws(Failure)
}

/// Which instances are wanted.
package struct InstanceFilter: Sendable, Hashable {
    /// `nil` for everybody's, for commands.
    package var organization: OrganizationID?
    /// All of them.
    package var tags: [String]
    /// In the name or the key of the element, whatever the case of ASCII letters.
    package var text: String?

    package init(organization: OrganizationID? = nil, tags: [String] = [], text: String? = nil) {
        self.organization = organization
        self.tags = tags
        self.text = text
    }

    /// Whether an instance of the organization is wanted.
    package func matches(_ instance: ElementInstance) -> Bool {
        let hasTags = tags.allSatisfy { tag in
            instance.tags.contains { $0.utf8.elementsEqual(tag.utf8) }
        }
        guard hasTags, let text else { return hasTags }
        return Self.contains(text, in: instance.name)
            || Self.contains(text, in: ElementInstance.elementKey)
    }

    private static func contains(_ text: String, in name: String) -> Bool {
        let (wanted, bytes) = (text.utf8.map(folded), name.utf8.map(folded))
        guard wanted.count <= bytes.count else { return false }
        return (0...bytes.count - wanted.count).contains { start in
            bytes[start..<start + wanted.count].elementsEqual(wanted)
        }
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// Where a connection's events are posted to: an outgoing webhook (standardwebhooks.com).
package struct Hook: Sendable, Hashable {
    package var connectionID: ConnectionID
    package var url: HookURL
    package var events: Set<HookEvent.Kind>
    /// Signing secrets, sealed, the newest first; a delivery is signed with all that are valid.
    package var secrets: [HookSecret]
    package var isOn: Bool
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        connectionID: ConnectionID, url: HookURL, events: Set<HookEvent.Kind>,
        secrets: [HookSecret], isOn: Bool = true, createdAt: Timestamp
    ) {
        self.connectionID = connectionID
        self.url = url
        self.events = events
        self.secrets = secrets
        self.isOn = isOn
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// Whether events of this kind are to be told now.
    package func wants(_ kind: HookEvent.Kind) -> Bool { isOn && events.contains(kind) }

    /// Whether it follows the change feed.
    package var followsChanges: Bool { wants(.audienceEntered) || wants(.audienceLeft) }

    // MARK: Life

    /// Takes over what an operator may choose.
    package mutating func edit(
        url: HookURL, events: Set<HookEvent.Kind>, isOn: Bool, at now: Timestamp
    ) {
        guard url != self.url || events != self.events || isOn != self.isOn else { return }
        (self.url, self.events, self.isOn, updatedAt) = (url, events, isOn, now)
    }

    /// Takes a new secret; the others end `overlapMilliseconds` from now, if not before.
    package mutating func add(
        _ secret: HookSecret, overlapMilliseconds: Int64, at now: Timestamp
    ) throws(Failure) {
        let end = Timestamp(milliseconds: now.milliseconds + max(0, overlapMilliseconds))
        for index in secrets.indices {
            secrets[index].expiresAt = min(secrets[index].expiresAt ?? end, end)
        }
        secrets = [secret] + validSecrets(at: now)
        guard secrets.count <= Limits.hookSecretsMax else {
            throw Failure(
                .conflict,
                "\(Limits.hookSecretsMax) secrets of the hook are valid; end some of them by an "
                    + "overlap of 0.")
        }
        updatedAt = now
    }

    package func validSecrets(at now: Timestamp) -> [HookSecret] {
        secrets.filter { $0.expiresAt.map { now < $0 } ?? true }
    }

    /// Exchanges a sealed secret, unless it is gone by now.
    package mutating func reseal(_ old: SealedSecret, as new: SealedSecret) {
        for index in secrets.indices where secrets[index].sealed == old {
            secrets[index].sealed = new
        }
    }

    /// What follows for the hook from how an attempt ended: 410 switches it off, for its owner
    /// wants no more (Standard Webhooks, "Deliverability").
    ///
    /// Not if the hook leads elsewhere by now.
    package mutating func hear(of delivery: HookDelivery, from url: HookURL, at now: Timestamp) {
        guard delivery.isGone, self.url == url, isOn else { return }
        isOn = false
        updatedAt = now
    }

    /// What the audit log is to say of a change; `nil` if there was none.
    package static func note(from old: Hook?, to new: Hook?) -> AuditNote? {
        guard old != new else { return nil }
        guard let new else { return AuditNote(.hookRemoved) }
        let isRekeyed = old?.secrets.map(\.createdAt) == new.secrets.map(\.createdAt)
        let changes = [
            old?.url == new.url ? nil : "url",
            old?.events == new.events ? nil : "events",
            old?.secrets == new.secrets ? nil : isRekeyed ? "rekeyed" : "secret",
            old?.isOn ?? true == new.isOn ? nil : "enabled",
        ].compactMap(\.self)
        return AuditNote(.hookChanged, changes)
    }
}

package struct HookSecret: Sendable, Hashable {
    package var sealed: SealedSecret
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?

    package init(sealed: SealedSecret, createdAt: Timestamp, expiresAt: Timestamp? = nil) {
        self.sealed = sealed
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// The address of a hook: HTTPS, or HTTP to this machine itself.
package struct HookURL: Sendable, Hashable {
    package let text: String

    /// How that is told.
    package static let rule =
        "an https:// address (or http:// of this machine itself), without user, password and "
        + "fragment, of at most \(Limits.launchURLBytesMax) visible ASCII characters"

    /// The same as a regular expression, but for the length.
    package static let pattern =
        #"^(https://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])|http://(localhost|127\.0\.0\.1|\[::1\]))"#
        + #"(:[0-9]{1,5})?([/?][!"$-\[\]-~]*)?$"#

    /// Names of this machine: what is sent in clear to them nobody else can read.
    private static let own = ["localhost", "127.0.0.1", "[::1]"]

    /// `nil` unless it is ``rule``.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.count <= Limits.launchURLBytesMax,
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && !"#\\".utf8.contains($0) })
        else { return nil }
        let schemes = ["https://", "http://"].filter { bytes.starts(with: $0.utf8) }
        guard let scheme = schemes.first else { return nil }
        let authority = bytes.dropFirst(scheme.utf8.count).prefix { !"/?".utf8.contains($0) }
        guard let host = Self.host(of: authority), Self.isPort(authority[host.endIndex...]),
            scheme == "https://" || Self.own.contains(where: { host.elementsEqual($0.utf8) })
        else { return nil }
        self.text = text
    }

    /// Without the port, with brackets; `nil` if it has characters that no host has.
    private static func host(of authority: Substring.UTF8View) -> Substring.UTF8View? {
        func isHexadecimal(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
        }
        func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
        if authority.first == UInt8(ascii: "[") {
            let end = authority.firstIndex(of: UInt8(ascii: "]"))
            guard let end else { return nil }
            let host = authority[...end]
            let isAddress = host.dropFirst().dropLast().allSatisfy { byte in
                isHexadecimal(byte) || ":.".utf8.contains(byte)
            }
            return isAddress && host.count > 2 ? host : nil
        }
        let host = authority.prefix { $0 != UInt8(ascii: ":") }
        let isName = host.allSatisfy { byte in
            isLetter(byte) || isHexadecimal(byte) || "._-".utf8.contains(byte)
        }
        return isName && !host.isEmpty ? host : nil
    }

    private static func isPort(_ text: Substring.UTF8View) -> Bool {
        guard text.first == UInt8(ascii: ":") else { return text.isEmpty }
        return (2...6).contains(text.count)
            && text.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    package static func == (left: HookURL, right: HookURL) -> Bool {
        sameBytes(left.text, right.text)
    }

    package func hash(into hasher: inout Hasher) {
        hashBytes(of: text, into: &hasher)
    }
}

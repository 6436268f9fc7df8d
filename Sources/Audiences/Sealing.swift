/// A secret of somebody else's that has to be kept readable, encrypted: text for the store.
///
/// It names the key it was encrypted with, so that keys can be rotated one secret at a time.
package struct SealedSecret: Sendable, Hashable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

/// Authenticated encryption under the operator's key, as functions given from above.
///
/// The context is bound to the secret: what was sealed for one connection opens for no other.
package struct Sealing: Sendable {
    /// - Throws: `Failure` if there is no usable key.
    package var seal:
        @Sendable (_ plain: [UInt8], _ context: String) throws(Failure) -> SealedSecret
    /// - Throws: `Failure` naming what to do if the key is missing, or the text was changed.
    package var open:
        @Sendable (_ sealed: SealedSecret, _ context: String) throws(Failure) -> [UInt8]
    /// Whether it was sealed under the key that is used now.
    package var isCurrent: @Sendable (_ sealed: SealedSecret) -> Bool

    package init(
        seal:
            @escaping @Sendable (_ plain: [UInt8], _ context: String) throws(Failure) ->
            SealedSecret,
        open:
            @escaping @Sendable (_ sealed: SealedSecret, _ context: String) throws(Failure) ->
            [UInt8],
        isCurrent: @escaping @Sendable (_ sealed: SealedSecret) -> Bool
    ) {
        self.seal = seal
        self.open = open
        self.isCurrent = isCurrent
    }
}

/// An owned file descriptor: closed exactly once, when its owner lets go of it.
package struct Descriptor: ~Copyable, Sendable {
    package let raw: Int32

    /// Takes ownership of `raw`; nobody else may close it.
    package init(owning raw: Int32) {
        self.raw = raw
    }

    deinit {
        Syscalls.close(raw)
    }
}

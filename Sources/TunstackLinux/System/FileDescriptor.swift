/// Owns a descriptor and closes it when its own life ends.
struct FileDescriptor: ~Copyable, Sendable {
    let rawValue: CInt

    /// Takes ownership of an open descriptor.
    init(owning rawValue: CInt) {
        self.rawValue = rawValue
    }

    deinit {
        SystemCall.close(rawValue)
    }

    /// Gives ownership up: the caller closes the descriptor with ``SystemCall/close(_:)``.
    consuming func release() -> CInt {
        let rawValue = rawValue
        discard self
        return rawValue
    }
}

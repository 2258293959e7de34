import TunstackLinux

/// Runs code on a thread of its own in a new network namespace, which goes when the thread and the devices made in it
/// are gone. The machine's own interfaces are never touched.
public enum PrivateNetwork {
    /// Whether this process may make a network namespace with a TUN in it.
    public static func isAvailable() async -> Bool {
        do {
            return try await run { try TunDevice.open(name: "probe%d").interface != nil }
        } catch {
            return false
        }
    }

    /// Runs `body` in a new namespace.
    public static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try SystemCall.startThread(named: "private network") {
                    continuation.resume(
                        with: Result {
                            try NetworkNamespace.enterNew()
                            return try body()
                        })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}

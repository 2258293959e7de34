import Glibc
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
                try startThread {
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

    /// Starts a thread of the operating system that runs `body` once.
    private static func startThread(_ body: @escaping @Sendable () -> Void) throws(Errno) {
        let box = unsafe Unmanaged.passRetained(ThreadBody(run: body))
        var handle = pthread_t()
        let result = unsafe pthread_create(
            &handle, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            unsafe box.release()
            throw Errno(rawValue: result)
        }
        pthread_detach(handle)
    }

    private final class ThreadBody {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}

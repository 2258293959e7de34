import Glibc

/// Network namespaces: a machine's worth of interfaces, addresses and routes apart from the real one.
public enum NetworkNamespace {
    /// Moves the calling thread into a new network namespace with nothing in it but a loopback interface that is down.
    ///
    /// Devices opened and interfaces configured on this thread from now on are in there, other threads stay where they
    /// are; call it on a thread of your own. The namespace goes with the last thread, process and descriptor in it.
    ///
    /// - Throws: ``TunError/notPermitted(_:_:)`` or ``TunError/refused(_:_:)``.
    public static func enterNew() throws(TunError) {
        do throws(Errno) {
            try SystemCall.enterNewNetwork()
        } catch {
            switch error.rawValue {
            case EPERM, EACCES: throw .notPermitted(.newNetwork, error)
            default: throw .refused(.newNetwork, error)
            }
        }
    }
}

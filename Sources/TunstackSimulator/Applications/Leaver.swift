public import TunstackCore

/// Does what another application does, and leaves in the middle of it.
public struct Leaver: Application {
    /// How to leave.
    public enum Farewell: Sendable {
        /// ABORT (RFC 9293 §3.10.5).
        case abort
        /// The application lets go, as when a process ends, whatever has not been read.
        case release
    }

    private var application: any Application
    private let bytes: Int
    private let farewell: Farewell
    private var hasLeft = false

    /// - Parameters:
    ///   - application: what it does until then.
    ///   - bytes: how many bytes have been sent and received, together, when it leaves; it may be a few more.
    ///   - farewell: how it leaves.
    public init(_ application: any Application, afterBytes bytes: Int, by farewell: Farewell) {
        self.application = application
        self.bytes = bytes
        self.farewell = farewell
    }

    /// Lets the other one react, and leaves if it is time.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        guard !hasLeft else { return }
        defer { leave(socket) }
        try application.reacts(to: events, on: socket)
    }

    /// Lets the other one go on, and leaves if it is time.
    public mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError) {
        guard !hasLeft else { return }
        defer { leave(socket) }
        try application.wakes(on: socket)
    }

    private mutating func leave(_ socket: SimulatedSocket) {
        guard !hasLeft, socket.bytesSent + socket.bytesReceived >= bytes else { return }
        hasLeft = true
        switch farewell {
        case .abort: socket.abort()
        case .release: socket.release()
        }
    }
}

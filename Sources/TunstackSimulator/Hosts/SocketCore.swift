import TunstackCore

/// An application's end of one connection, as its host holds it.
final class SocketCore {
    let id: ConnectionID
    let key: ConnectionKey
    var bytesSent = 0
    /// The application has let go of it.
    var isReleased = false
    private(set) var bytesReceived = 0
    private(set) var isIntact = true
    private(set) var events: ConnectionEvents = []

    /// The host owns its sockets.
    unowned let host: HostCore
    private var application: any Application

    init(id: ConnectionID, host: HostCore, application: any Application) {
        guard let status = host.stack.status(id) else { preconditionFailure("a handle that names nothing") }
        self.id = id
        key = status.key
        self.host = host
        self.application = application
    }

    /// Compares what was received with what should have been.
    func noteReceived(_ bytes: [UInt8]) {
        if !PatternStream.matches(bytes, from: bytesReceived) { isIntact = false }
        bytesReceived += bytes.count
    }

    /// Tells the application what has happened.
    func handle(_ new: ConnectionEvents) {
        events.formUnion(new)
        if new.contains(.urgent) { host.record(.told("urgent data", key)) }
        if new.contains(.endOfStream) { host.record(.told("end of file", key)) }
        if new.contains(.closed), let reason = host.stack.status(id)?.closeReason, reason != .closed {
            host.record(.told("\(reason)", key))
        }
        run { application, socket throws(ConnectionError) in try application.reacts(to: new, on: socket) }
    }

    /// The time for which the application asked is over.
    func wake() {
        guard host.sockets[id] === self else { return }
        host.turn { self.run { application, socket throws(ConnectionError) in try application.wakes(on: socket) } }
    }

    /// An application may call for something that its connection does not allow any more; then the trace shows the
    /// stack's answer.
    private func run(_ body: (inout any Application, SimulatedSocket) throws(ConnectionError) -> Void) {
        do throws(ConnectionError) {
            try body(&application, SimulatedSocket(core: self, network: host.network))
        } catch {
            host.record(.told("error: \(error)", key))
        }
    }
}

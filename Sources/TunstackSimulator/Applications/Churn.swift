public import TunstackCore

/// Does what another application does, and says when the connection has ended, so that the next one can be opened.
public struct Churn: Application {
    private var application: any Application
    private let next: () -> Void

    /// - Parameters:
    ///   - application: what it does with its connection.
    ///   - next: called once, when the connection has ended for the application, whatever the reason.
    public init(_ application: any Application, then next: @escaping () -> Void) {
        self.application = application
        self.next = next
    }

    /// Lets the other one react.
    public mutating func reacts(to events: ConnectionEvents, on socket: SimulatedSocket) throws(ConnectionError) {
        defer { if events.contains(.closed) { next() } }
        try application.reacts(to: events, on: socket)
    }

    /// Lets the other one go on.
    public mutating func wakes(on socket: SimulatedSocket) throws(ConnectionError) {
        try application.wakes(on: socket)
    }
}

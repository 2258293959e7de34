/// Names a connection to the application. A handle whose connection has been released names nothing, never another one.
public struct ConnectionID: Hashable, Sendable {
    let index: UInt32
    let generation: UInt32
}

/// Names a listening socket to the application.
public struct ListenerID: Hashable, Sendable {
    let index: UInt32
    let generation: UInt32
}

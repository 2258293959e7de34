import Testing

@testable import Tunstack

extension TunnelStack {
    /// Whether any task is suspended in, or on its way to, this role on any connection.
    func hasTask(in role: ConnectionWaiters.Role) -> Bool {
        connectionWaiters.ids.contains { connectionWaiters[$0]?[role].isFree == false }
    }

    /// Lets other tasks run until one waits in this role.
    nonisolated func untilTaskWaits(as role: ConnectionWaiters.Role) async {
        while await !hasTask(in: role) { await Task.yield() }
    }

    /// Whether any task is suspended in accepting.
    private var hasAcceptor: Bool { listenerWaiters.ids.contains { listenerWaiters[$0]?.isEmpty == false } }

    /// Lets other tasks run until one waits to accept.
    nonisolated func untilTaskAccepts() async {
        while await !hasAcceptor { await Task.yield() }
    }

    /// Lets other tasks run until a connection is in this state.
    nonisolated func untilConnection(isIn state: State) async {
        while await !connections.contains(where: { $0.state == state }) { await Task.yield() }
    }

    /// Lets other tasks run until no connection is left, listeners and TIME-WAIT apart.
    nonisolated func untilNoConnectionIsOpen() async {
        while await hasOpenConnections { await Task.yield() }
    }
}

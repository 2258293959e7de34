import TunstackCore
import TunstackWire

/// What a run notes about one end of a connection, from its OPEN to its end.
final class SocketBook {
    let core: SocketCore
    /// It was opened actively.
    let isClient: Bool
    /// The flow it belongs to, as an index.
    let flow: Int
    /// When it was opened.
    let openedAt: Instant
    /// Why it has ended; nil while it has not.
    private(set) var reason: CloseReason?
    /// Its host lost power, or its application let go of it: nobody can say how it ended.
    private(set) var isForgotten = false
    /// Since when it has been waiting for an acknowledgment.
    private(set) var owesSince: Instant?
    /// When its peer last acknowledged something new, or its state changed.
    private(set) var progressAt: Instant
    /// When the application last received something.
    private(set) var receivedAt: Instant?
    private var bytesReceived = 0
    private var progress: Progress?

    private struct Progress: Equatable {
        let state: State
        let acknowledged: SequenceNumber
    }

    init(_ core: SocketCore, isClient: Bool, flow: Int, at now: Instant) {
        self.core = core
        self.isClient = isClient
        self.flow = flow
        openedAt = now
        progressAt = now
    }

    var isOver: Bool { reason != nil || isForgotten }

    func note(_ status: ConnectionStatus, at now: Instant) {
        reason = reason ?? status.closeReason
        owesSince = status.owesProgress ? owesSince ?? now : nil
        let new = Progress(state: status.state, acknowledged: status.sendUnacknowledged)
        if new != progress { progressAt = now }
        progress = new
        if core.bytesReceived > bytesReceived { receivedAt = now }
        bytesReceived = core.bytesReceived
    }

    func forget() { isForgotten = true }
}

/// What is left when a run is over.
struct FinishedRun {
    let plan: SimulationPlan
    let severity: PlanSeverity
    let time: Instant
    let hosts: [HostCore]
    let sockets: [SocketBook]
    let refusals: [Refusal]
    /// Nothing is planned any more.
    let isIdle: Bool
    let steps: Int
    let packets: Int

    /// Both ends of each connection, the client first; those whose names are used twice are left out.
    var pairs: [(SocketBook, SocketBook)] {
        var servers: [ConnectionKey: [SocketBook]] = [:]
        var clients: [ConnectionKey: Int] = [:]
        for socket in sockets {
            if socket.isClient {
                clients[socket.core.key, default: 0] += 1
            } else {
                servers[ConnectionKey(local: socket.core.key.remote, remote: socket.core.key.local), default: []]
                    .append(socket)
            }
        }
        return sockets.compactMap { client in
            guard client.isClient, clients[client.core.key] == 1, let found = servers[client.core.key],
                found.count == 1
            else { return nil }
            return (client, found[0])
        }
    }
}

/// An OPEN that a stack has refused.
struct Refusal {
    let host: NodeID
    let time: Instant
    let why: String
}

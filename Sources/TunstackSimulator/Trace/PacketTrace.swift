public import TunstackCore
public import TunstackWire

/// Everything that happened in a network, in order: what crossed the links, how states changed, what applications
/// called. A network may keep only a part of it (`TraceLevel`).
public struct PacketTrace: Sendable {
    /// A node, as traces show it.
    public struct Node: Sendable {
        /// What names it.
        public let id: NodeID
        /// What people call it.
        public let name: String
        /// Its address.
        public let address: IPv4Address
        /// Whether it has a stack, and so states.
        public let hasStack: Bool
    }

    /// One thing that happened.
    public struct Event: Sendable {
        /// What it was.
        public enum Kind: Sendable {
            /// The node sent the packet of this number.
            case sent(Int)
            /// The node has handled the packet of this number; with a reason if it did not use it.
            case received(Int, DropReason?)
            /// A connection took an edge of the state diagram.
            case transition(TransitionRecord)
            /// The application called its stack; on this connection, if it was about one.
            case call(String, ConnectionKey?)
            /// The stack told the application something about a connection.
            case told(String, ConnectionKey)
            /// The node has lost all it knew.
            case forgotEverything
        }

        /// When, on the network's clock.
        public let time: Instant
        /// Where.
        public let node: NodeID
        /// What.
        public let kind: Kind
    }

    /// The nodes, in the order in which they were added.
    public internal(set) var nodes: [Node] = []
    /// What was sent, in order; a packet's number is its index.
    public internal(set) var packets: [SimulatedPacket] = []
    /// What happened, in order.
    public internal(set) var events: [Event] = []
    /// The time of day at the network's time zero, in microseconds since midnight.
    public var timeOfDay = TimeOfDay(microseconds: 0)
}

// MARK: - Questions

extension PacketTrace {
    /// The segments that a node sent, in order; copies that the network made are not among them.
    public func segments(from node: any SimulatedNode) -> [TracedSegment] {
        packets.filter { $0.sender == node.id && $0.copyOf == nil }.compactMap(\.segment)
    }

    /// All segments that were sent, in order.
    public var segments: [TracedSegment] { packets.filter { $0.copyOf == nil }.compactMap(\.segment) }

    /// The states that a node's connections went through, in order: where the first one left from, then where each one
    /// went.
    public func states(at node: any SimulatedNode) -> [State] {
        let edges = transitions(at: node)
        return edges.prefix(1).map(\.transition.from) + edges.map(\.transition.to)
    }

    /// The edges that a node's connections took.
    public func transitions(at node: any SimulatedNode) -> [TransitionRecord] {
        events.compactMap { event in
            guard event.node == node.id, case .transition(let record) = event.kind else { return nil }
            return record
        }
    }

    /// When a node took an edge into a state for the first time, on the network's clock.
    public func time(of state: State, at node: any SimulatedNode) -> Instant? {
        events.first { event in
            guard event.node == node.id, case .transition(let record) = event.kind else { return false }
            return record.transition.to == state
        }?.time
    }

    /// When a node sent those of its segments that fit.
    public func sendTimes(from node: any SimulatedNode, where isMeant: (TracedSegment) -> Bool) -> [Instant] {
        packets.compactMap { packet in
            guard packet.sender == node.id, packet.copyOf == nil, let segment = packet.segment, isMeant(segment)
            else { return nil }
            return packet.sentAt
        }
    }
}

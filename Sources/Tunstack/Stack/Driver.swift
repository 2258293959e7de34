import TunstackCore
import TunstackLinux
import TunstackWire

/// A core and the pump that moves packets between it and the device; with an observer, who sees them pass, and as a member of a group,
/// which has to hand over what came to the wrong queue.
struct Driver: ~Copyable {
    var core: Stack
    private var pump: PacketPump?
    private var observation: Observation?
    private var lastCounters = DeviceCounters()
    /// The stack's place in its group, if it is in one.
    let membership: GroupMembership?
    private(set) var handovers = HandoverCounters()

    init(
        core: consuming Stack, port: consuming PacketPort, observation: Observation?, membership: GroupMembership?
    ) {
        self.membership = membership
        self.core = core
        self.pump = PacketPump(port, share: membership?.share)
        self.observation = observation
    }

    /// What has passed between the core and the device.
    var counters: DeviceCounters { Self.counters(of: pump) ?? lastCounters }

    /// Takes a batch of packets from the device.
    mutating func receivePackets(at now: Instant) throws(TunError) -> PacketPump.Reading {
        if observation != nil {
            try Self.receiveObserved(&pump, &core, &observation, membership, &handovers, at: now)
        } else {
            try Self.receive(&pump, &core, membership, &handovers, at: now)
        }
    }

    /// Gives the device a batch of what the core wants to send.
    ///
    /// - Returns: Whether it was all.
    mutating func transmitPackets(at now: Instant) throws(TunError) -> Bool {
        if observation != nil {
            try Self.transmitObserved(&pump, &core, &observation, at: now)
        } else {
            try pump?.transmit(from: &core, at: now) ?? true
        }
    }

    /// Tells the observer, if there is one, that the turn is over.
    mutating func endTurn() {
        observation?.endTurn(of: &core)
    }

    /// Closes the device; what the core sends from now on goes nowhere.
    mutating func closeDevice() {
        lastCounters = counters
        pump = nil
        observation?.close()
        observation = nil
    }
}

// Functions of their parts, because a closure over `self` would need all of it at once.
extension Driver {
    private static func counters(of pump: borrowing PacketPump?) -> DeviceCounters? { pump?.counted() }

    private static func receive(
        _ pump: inout PacketPump?, _ core: inout Stack, _ membership: GroupMembership?,
        _ handovers: inout HandoverCounters, at now: Instant
    ) throws(TunError) -> PacketPump.Reading {
        try pump?.receive(into: &core, at: now) { packet, checksum in
            handOver(packet, checksum, by: membership, &handovers)
        } ?? .paused
    }

    /// Gives a packet to the stack that it belongs to; if that one's mailbox is full, it is lost.
    private static func handOver(
        _ packet: [UInt8], _ checksum: ChecksumStatus, by membership: GroupMembership?,
        _ handovers: inout HandoverCounters
    ) {
        guard let membership else { preconditionFailure("a stack that is alone owns all connections") }
        let owner = packet.withRawSpan { membership.share.owner(of: $0) }
        switch membership.mailboxes[owner].put(packet, checksum: checksum) {
        case .delivered: handovers.packetsHandedOver &+= 1
        case .full: handovers.packetsLost &+= 1
        }
    }

    private static func receiveObserved(
        _ pump: inout PacketPump?, _ core: inout Stack, _ observation: inout Observation?,
        _ membership: GroupMembership?, _ handovers: inout HandoverCounters, at now: Instant
    ) throws(TunError) -> PacketPump.Reading {
        observation?.collect(from: &core)
        return try pump?.receiveWhole(
            handOver: { packet, checksum in handOver(packet, checksum, by: membership, &handovers) }
        ) { packet, checksum in
            let reason = core.receive(packet, checksum: checksum, at: now)
            observation?.received(packet, dropped: reason, by: &core, at: now)
        } ?? .paused
    }

    private static func transmitObserved(
        _ pump: inout PacketPump?, _ core: inout Stack, _ observation: inout Observation?, at now: Instant
    ) throws(TunError) -> Bool {
        try pump?.transmitWhole(from: &core, at: now) { core, packet, wasLost in
            observation?.sent(packet, wasLost: wasLost, from: &core, at: now)
        } ?? true
    }
}

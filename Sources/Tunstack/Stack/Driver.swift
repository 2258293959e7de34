import TunstackCore
import TunstackLinux

/// Moves packets between the device and the core, through one buffer that is used again for each.
struct Driver: ~Copyable {
    /// Packets taken from the device, and given to it, in one turn: neither direction starves the other, nor the tasks that
    /// share the executor.
    static let packetsPerTurn = 64

    var core: Stack
    private(set) var counters = DeviceCounters()
    private var device: TunDevice?
    private var buffer = PacketBuffer()
    private var observation: Observation?

    init(core: consuming Stack, device: consuming TunDevice, observation: Observation?) {
        self.core = core
        self.device = consume device
        self.observation = observation
    }

    /// What ended the reading of packets.
    enum Reading {
        /// No packet waits, or enough of them were read for one turn.
        case paused
        /// The other end of the device is gone.
        case endOfStream
    }

    /// Takes packets from the device until none waits or the budget is spent.
    mutating func receivePackets(at now: Instant) throws(TunError) -> Reading {
        observation?.collect(from: &core)
        for _ in 0..<Self.packetsPerTurn {
            switch try Self.read(device, into: &buffer) {
            case .packet: Self.deliver(buffer, to: &core, &observation, at: now)
            case .wouldBlock: return .paused
            case .endOfStream: return .endOfStream
            }
        }
        return .paused
    }

    /// Gives the device what the core wants to send, until that is all or the budget is spent.
    ///
    /// - Returns: Whether it was all.
    mutating func transmitPackets(at now: Instant) throws(TunError) -> Bool {
        for _ in 0..<Self.packetsPerTurn {
            guard Self.next(of: &core, into: &buffer, at: now) else { return true }
            try Self.write(buffer, to: device, &counters, &core, &observation, at: now)
        }
        return false
    }

    /// Tells the observer, if there is one, that the turn is over.
    mutating func endTurn() {
        observation?.endTurn(of: &core)
    }

    /// Closes the device; what the core sends from now on goes nowhere.
    mutating func closeDevice() {
        device = nil
        observation?.close()
        observation = nil
    }
}

// Functions of their parts, because a closure over `self` would need all of it at once.
extension Driver {
    private static func read(
        _ device: borrowing TunDevice?, into buffer: inout PacketBuffer
    ) throws(TunError) -> TunDevice.ReadResult {
        try buffer.fill { output throws(TunError) in try device?.read(into: &output) ?? .wouldBlock }
    }

    private static func deliver(
        _ buffer: borrowing PacketBuffer, to core: inout Stack, _ observation: inout Observation?, at now: Instant
    ) {
        buffer.withBytes { packet in
            let reason = core.receive(packet, at: now)
            observation?.received(packet, dropped: reason, by: &core, at: now)
        }
    }

    private static func next(of core: inout Stack, into buffer: inout PacketBuffer, at now: Instant) -> Bool {
        buffer.fill { output in core.nextTransmit(into: &output, at: now) }
    }

    private static func write(
        _ buffer: borrowing PacketBuffer, to device: borrowing TunDevice?, _ counters: inout DeviceCounters,
        _ core: inout Stack, _ observation: inout Observation?, at now: Instant
    ) throws(TunError) {
        try buffer.withBytes { packet throws(TunError) in
            let result = try device?.write(packet)
            switch result {
            case .written, nil: break
            case .wouldBlock: counters.packetsLostToFullQueue &+= 1
            case .dropped: counters.packetsRefused &+= 1
            }
            observation?.sent(packet, wasLost: result != .written, from: &core, at: now)
        }
    }
}

/// What became of packets that the device did not take. TCP sends the segments in them again.
public struct DeviceCounters: Sendable {
    /// Lost because the device's queue was full.
    public internal(set) var packetsLostToFullQueue: UInt64 = 0
    /// Lost because the interface was down or the kernel had no memory for them.
    public internal(set) var packetsRefused: UInt64 = 0
}

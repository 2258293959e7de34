import BenchmarkSupport
import CWait
import TunstackCore
import TunstackLinux
import TunstackWire

/// The driver of the stack: reads what waits, serves, writes what follows from both, sleeps.
struct Loop: ~Copyable {
    /// Packets read in one turn, and written: neither side starves the other.
    private static let packetsPerTurn = 64

    private var port: PacketPort
    private let set: CInt
    private let clock = MonotonicClock()
    private var core: Stack
    private var services: Services
    private var packet = Block(capacity: 65_535)

    /// Makes the device and brings it up, with the stack behind it.
    static func open(device name: String, host: IPv4Network, address: IPv4Address, offloads: Bool) throws -> Loop {
        let device = try TunDevice.open(name: name, usesOffload: offloads)
        try device.interface?.configure(
            address: InterfaceAddress(host.address.rawValue, prefixLength: host.prefixLength), mtu: 1_500)
        let set = cwait_open(device.fileDescriptor)
        guard set >= 0 else { throw SystemError(number: -set) }

        var configuration = StackConfiguration(address: IPv4Network(address, prefixLength: host.prefixLength))
        configuration.defaultConnectionOptions.noDelay = true
        configuration.transmitOffload = PacketPort.transmitOffload
        var entropy = SystemEntropy()
        let now = MonotonicClock().now()
        var core = Stack(configuration: configuration, random: &entropy, at: now)
        let services = try Services(on: &core, at: now)
        return Loop(port: PacketPort(device), set: set, core: core, services: services)
    }

    private init(port: consuming PacketPort, set: CInt, core: consuming Stack, services: consuming Services) {
        self.port = port
        self.set = set
        self.core = core
        self.services = services
    }

    /// Serves until the device fails.
    mutating func run() throws {
        var isDone = true
        while true {
            if isDone { try wait() }
            let now = clock.now()
            core.advance(to: now)
            try read(at: now)
            services.serve(&core, at: now)
            isDone = try write(at: now)
        }
    }

    /// Sleeps until a packet waits or the deadline is there.
    private func wait() throws {
        let nanoseconds = core.nextDeadline.map { max(0, $0.nanoseconds - clock.now().nanoseconds) }
        let result = cwait_wait(set, nanoseconds ?? -1)
        guard result >= 0 || -result == EINTR else { throw SystemError(number: -result) }
    }

    private mutating func read(at now: Instant) throws {
        for _ in 0..<Self.packetsPerTurn {
            let place = try Self.fillPlaced(&packet, from: &port, for: &core)
            switch try place?.result ?? Self.fill(&packet, from: &port) {
            case .packet(let count, let checksum, _):
                if let place {
                    Self.deliver(packet, count, place, checksum, to: &core, at: now)
                } else {
                    Self.deliver(packet, checksum, to: &core, at: now)
                }
            case .malformed: core.withdrawPlacement()
            case .wouldBlock, .endOfStream:
                core.withdrawPlacement()
                return
            }
        }
    }

    /// Whether everything was written that there was.
    private mutating func write(at now: Instant) throws -> Bool {
        for _ in 0..<Self.packetsPerTurn {
            guard try Self.transmit(from: &core, to: &port, headers: &packet, at: now) else { return true }
        }
        return false
    }

    // Functions of their parts, because a closure over `self` would need all of it at once.

    private static func fill(
        _ packet: inout Block, from port: inout PacketPort
    ) throws(TunError) -> TunDevice.ReadResult {
        try packet.fill { output throws(TunError) in try port.read(into: &output) }
    }

    /// What was read where the core wants the text, and how that was laid out.
    private struct Place {
        let result: TunDevice.ReadResult
        let headerLength: Int
        let room: Int
    }

    /// Reads a packet whose text the core expects right into the receive buffer; nil if it expects nothing in particular.
    private static func fillPlaced(
        _ packet: inout Block, from port: inout PacketPort, for core: inout Stack
    ) throws(TunError) -> Place? {
        try core.offerPlacement { headerLength, first, second throws(TunError) in
            let room = first.byteCount + second.byteCount
            let result = try packet.fill { output throws(TunError) in
                try port.read(into: &output, headLength: headerLength, &first, &second)
            }
            return Place(result: result, headerLength: headerLength, room: room)
        }
    }

    private static func deliver(
        _ packet: borrowing Block, _ count: Int, _ place: Place, _ checksum: ChecksumStatus, to core: inout Stack,
        at now: Instant
    ) {
        packet.withBytes { bytes in
            let header = bytes.extracting(first: min(place.headerLength, bytes.byteCount))
            let overflow = bytes.extracting(droppingFirst: header.byteCount)
            _ = core.receivePlaced(
                header: header, textLength: min(place.room, count - header.byteCount), overflow: overflow,
                checksum: checksum, at: now)
        }
    }

    private static func deliver(
        _ packet: borrowing Block, _ checksum: ChecksumStatus, to core: inout Stack, at now: Instant
    ) {
        packet.withBytes { bytes in _ = core.receive(bytes, checksum: checksum, at: now) }
    }

    /// Hands the next packet over in pieces, where they lie. What the device does not take is lost.
    private static func transmit(
        from core: inout Stack, to port: inout PacketPort, headers: inout Block, at now: Instant
    ) throws(TunError) -> Bool {
        try headers.fill { output throws(TunError) in
            try core.nextTransmit(header: &output, at: now) { (header, text, moreText, metadata) throws(TunError) in
                _ = try port.write(header, text, moreText, metadata)
            }
        }
    }
}

/// A system call that failed.
struct SystemError: Error {
    /// What `errno` was.
    let number: CInt
}

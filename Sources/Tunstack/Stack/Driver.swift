import TunstackCore
import TunstackLinux
import TunstackWire

/// Moves packets between the device and the core. Packets from the device pass through one buffer; packets of the core are given
/// to the device in pieces, where they lie.
///
/// Both directions work in batches, within a budget of packets and bytes: one batch is read, the core then acknowledges it as a
/// whole, and what it has to send leaves in one go. The budgets bound how long a turn takes, and so how long a small flow waits
/// behind large ones: what it sends is read within a turn of ``bytesPerTurn``, and its answer leaves behind the resets and ICMP
/// messages that are due and at most one packet (64 KiB, where super-segments are) of each other connection with something to
/// send, for connections take turns.
struct Driver: ~Copyable {
    /// Packets taken from the device, and given to it, in one turn: neither direction starves the other, nor the tasks that
    /// share the executor.
    static let packetsPerTurn = 64
    /// The same in bytes; the last packet may go beyond. Copying so much takes a fraction of a millisecond.
    static let bytesPerTurn = 1 << 20

    var core: Stack
    private var port: PacketPort?
    private var buffer = PacketBuffer()
    private var observation: Observation?
    /// Where a packet is put together for the observer.
    private var whole = PacketBuffer()
    private var lastCounters = DeviceCounters()
    /// The stack's place in its group, if it is in one.
    let membership: GroupMembership?
    private(set) var handovers = HandoverCounters()

    init(
        core: consuming Stack, port: consuming PacketPort, observation: Observation?, membership: GroupMembership?
    ) {
        self.membership = membership
        self.core = core
        self.port = consume port
        self.observation = observation
    }

    /// What has passed between the core and the device.
    var counters: DeviceCounters { Self.counters(of: port) ?? lastCounters }

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
        var byteCount = 0
        for _ in 0..<Self.packetsPerTurn where byteCount < Self.bytesPerTurn {
            let place = observation == nil ? try Self.readPlaced(for: &core, &port, into: &buffer, membership) : nil
            let result = if let place { place.result } else { try Self.read(&port, into: &buffer) }
            switch result {
            case .packet(let count, let checksum, _):
                byteCount += count
                if let place {
                    if let foreign = place.foreign {
                        Self.handOver(foreign, checksum, by: membership, &handovers)
                    } else {
                        Self.deliver(buffer, count, place, checksum, to: &core, at: now)
                    }
                } else if let foreign = Self.foreign(buffer, to: membership) {
                    Self.handOver(foreign, checksum, by: membership, &handovers)
                } else {
                    Self.deliver(buffer, checksum, to: &core, &observation, at: now)
                }
            case .malformed: continue
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
        var byteCount = 0
        for _ in 0..<Self.packetsPerTurn where byteCount < Self.bytesPerTurn {
            let sent =
                if observation == nil {
                    try Self.transmit(from: &core, to: &port, headers: &buffer, &byteCount, at: now)
                } else {
                    try transmitObserved(&byteCount, at: now)
                }
            guard sent else { return true }
        }
        return false
    }

    /// Tells the observer, if there is one, that the turn is over.
    mutating func endTurn() {
        observation?.endTurn(of: &core)
    }

    /// Closes the device; what the core sends from now on goes nowhere.
    mutating func closeDevice() {
        lastCounters = counters
        port = nil
        observation?.close()
        observation = nil
    }

    /// Puts the next packet together, gives it to the device and shows it to the observer.
    private mutating func transmitObserved(_ byteCount: inout Int, at now: Instant) throws(TunError) -> Bool {
        guard let metadata = Self.next(of: &core, into: &whole, headers: &buffer, at: now) else { return false }
        byteCount += whole.count
        let result = try Self.write(whole, metadata, to: &port)
        Self.show(whole, wasLost: result != .written, from: &core, &observation, at: now)
        return true
    }
}

// Functions of their parts, because a closure over `self` would need all of it at once.
extension Driver {
    private static func counters(of port: borrowing PacketPort?) -> DeviceCounters? { port?.counted() }

    private static func read(
        _ port: inout PacketPort?, into buffer: inout PacketBuffer
    ) throws(TunError) -> TunDevice.ReadResult {
        try buffer.fill { output throws(TunError) in try port?.read(into: &output) ?? .wouldBlock }
    }

    /// A copy of a packet that is another stack's.
    private static func foreign(_ buffer: borrowing PacketBuffer, to membership: GroupMembership?) -> [UInt8]? {
        guard let share = membership?.share else { return nil }
        return buffer.withBytes { packet in
            guard share.owner(of: packet) != share.index else { return nil }
            var copy: [UInt8] = []
            copy.append(bytes: packet)
            return copy
        }
    }

    /// Gives a packet to the stack that it belongs to; if that one's mailbox is full, it is lost.
    private static func handOver(
        _ packet: [UInt8], _ checksum: ChecksumStatus, by membership: GroupMembership?,
        _ counters: inout HandoverCounters
    ) {
        guard let membership else { preconditionFailure("a stack that is alone owns all connections") }
        let owner = packet.withRawSpan { membership.share.owner(of: $0) }
        switch membership.mailboxes[owner].put(packet, checksum: checksum) {
        case .delivered: counters.packetsHandedOver &+= 1
        case .full: counters.packetsLost &+= 1
        }
    }

    private static func deliver(
        _ buffer: borrowing PacketBuffer, _ checksum: ChecksumStatus, to core: inout Stack,
        _ observation: inout Observation?, at now: Instant
    ) {
        buffer.withBytes { packet in
            let reason = core.receive(packet, checksum: checksum, at: now)
            observation?.received(packet, dropped: reason, by: &core, at: now)
        }
    }

    /// What was read, and how the places for it were laid out.
    private struct PlacedRead {
        var result = TunDevice.ReadResult.wouldBlock
        var headerLength = 0
        var room = 0
        /// The whole packet, if it is another stack's.
        var foreign: [UInt8]?
    }

    /// Reads a packet whose text the core expects right into the receive buffer; nil if it expects nothing in particular.
    private static func readPlaced(
        for core: inout Stack, _ port: inout PacketPort?, into buffer: inout PacketBuffer,
        _ membership: GroupMembership?
    ) throws(TunError) -> PlacedRead? {
        let read = try core.offerPlacement { headerLength, first, second throws(TunError) in
            let room = first.byteCount + second.byteCount
            let result = try buffer.fill { output throws(TunError) in
                try port?.read(into: &output, headLength: headerLength, &first, &second) ?? .wouldBlock
            }
            var read = PlacedRead(result: result, headerLength: headerLength, room: room)
            if let share = membership?.share, case .packet(let count, _, _) = result {
                read.foreign = Self.foreign(
                    head: buffer, headerLength, first.bytes, second.bytes, count: count, to: share)
            }
            return read
        }
        guard let read else { return nil }
        if case .packet = read.result, read.foreign == nil { return read }
        core.withdrawPlacement()
        return read
    }

    /// A copy of a packet that is another stack's, though its text was read to where ours would be.
    private static func foreign(
        head: borrowing PacketBuffer, _ headLength: Int, _ first: RawSpan, _ second: RawSpan, count: Int,
        to share: StackShare
    ) -> [UInt8]? {
        head.withBytes { head in
            // A segment's head tells whose it is; an ICMP error may go on in its text.
            let isSegment = head.byteCount > 9 && head.byte(at: 9) == IPProtocol.tcp.rawValue
            if isSegment, share.owner(of: head) == share.index { return nil }
            var whole: [UInt8] = []
            whole.append(bytes: head.extracting(first: headLength))
            whole.append(bytes: first.extracting(first: max(0, count - whole.count)))
            whole.append(bytes: second.extracting(first: max(0, count - whole.count)))
            whole.append(bytes: head.extracting(droppingFirst: headLength))
            return whole.withRawSpan { share.owner(of: $0) } == share.index ? nil : whole
        }
    }

    private static func deliver(
        _ buffer: borrowing PacketBuffer, _ count: Int, _ place: PlacedRead, _ checksum: ChecksumStatus,
        to core: inout Stack, at now: Instant
    ) {
        buffer.withBytes { bytes in
            let header = bytes.extracting(first: min(place.headerLength, bytes.byteCount))
            let overflow = bytes.extracting(droppingFirst: header.byteCount)
            _ = core.receivePlaced(
                header: header, textLength: min(place.room, count - header.byteCount), overflow: overflow,
                checksum: checksum, at: now)
        }
    }

    /// Hands the next packet over in pieces. What the device does not take is lost, and counted there.
    private static func transmit(
        from core: inout Stack, to port: inout PacketPort?, headers: inout PacketBuffer, _ byteCount: inout Int,
        at now: Instant
    ) throws(TunError) -> Bool {
        try headers.fill { output throws(TunError) in
            try core.nextTransmit(header: &output, at: now) {
                (header, text, moreText, metadata) throws(TunError) in
                byteCount += header.byteCount + text.byteCount + moreText.byteCount
                _ = try port?.write(header, text, moreText, metadata)
            }
        }
    }

    /// Puts the pieces of the next packet into one buffer.
    private static func next(
        of core: inout Stack, into packet: inout PacketBuffer, headers: inout PacketBuffer, at now: Instant
    ) -> TransmitMetadata? {
        packet.fill { whole in
            headers.fill { output in
                var found: TransmitMetadata?
                _ = core.nextTransmit(header: &output, at: now) { header, text, moreText, metadata in
                    whole.append(bytes: header)
                    whole.append(bytes: text)
                    whole.append(bytes: moreText)
                    found = metadata
                }
                return found
            }
        }
    }

    /// Writes a packet that lies in one buffer.
    private static func write(
        _ packet: borrowing PacketBuffer, _ metadata: TransmitMetadata, to port: inout PacketPort?
    ) throws(TunError) -> TunDevice.WriteResult {
        try packet.withBytes { packet throws(TunError) in
            let headerLength = metadata.segmentSize > 0 ? metadata.headerLength : packet.byteCount
            let header = packet.extracting(first: headerLength)
            let text = packet.extracting(droppingFirst: headerLength)
            return try port?.write(header, text, RawSpan(), metadata) ?? .written
        }
    }

    private static func show(
        _ packet: borrowing PacketBuffer, wasLost: Bool, from core: inout Stack, _ observation: inout Observation?,
        at now: Instant
    ) {
        packet.withBytes { bytes in observation?.sent(bytes, wasLost: wasLost, from: &core, at: now) }
    }
}

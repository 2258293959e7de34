public import TunstackCore
import TunstackWire

/// Moves packets between a device and a core: beside a way to wait, all that a loop around a `Stack` needs.
///
/// Packets from the device pass through one buffer, or their text goes right to where the core wants it; packets of the core are given
/// to the device in pieces, where they lie. Neither copies the bytes of a stream again, and neither allocates.
///
/// Both directions work in batches, within a budget of packets and bytes: one batch is read, the core then acknowledges it as a
/// whole, and what it has to send leaves in one go. The budgets bound how long a turn takes, and so how long a small flow waits
/// behind large ones: what it sends is read within a turn of 1 MiB, and its answer leaves behind the resets and ICMP
/// messages that are due and at most one packet (64 KiB, where super-segments are) of each other connection with something to
/// send, for connections take turns.
public struct PacketPump: ~Copyable {
    /// Packets of a batch: neither direction starves the other, nor what else runs between them.
    static let packetsPerBatch = 64
    /// The same in bytes; the last packet may go beyond. Copying so much takes a fraction of a millisecond.
    static let bytesPerBatch = 1 << 20

    /// What ended a batch of reads.
    public enum Reading: Sendable {
        /// No packet waits, or there have been enough for one batch. Those that are left keep the device readable.
        case paused
        /// The other end of the device is gone.
        case endOfStream
    }

    private var port: PacketPort
    private let share: StackShare?
    private var buffer = PacketBuffer()
    /// Where a packet of the core is put together to be looked at.
    private var whole = PacketBuffer()

    /// A pump at a port.
    ///
    /// - Parameters:
    ///   - port: Belongs to the pump from now on. `StackConfiguration.transmitOffload` of the core is
    ///     ``PacketPort/transmitOffload``, or less.
    ///   - share: That of the core, if it is one of several at an address.
    public init(_ port: consuming PacketPort, share: StackShare? = nil) {
        self.port = port
        self.share = share
    }

    /// What has passed.
    public borrowing func counted() -> DeviceCounters { port.counted() }

    /// Takes packets from the device into the core, until none waits or there have been enough.
    ///
    /// - Parameters:
    ///   - core: Has events afterwards, and packets to send.
    ///   - now: When the packets count as arrived.
    ///   - handOver: Is given a copy of each packet that another stack owns.
    /// - Throws: As ``TunDevice/read(into:)``.
    public mutating func receive(
        into core: inout Stack, at now: Instant, handOver: ([UInt8], ChecksumStatus) -> Void = { _, _ in }
    ) throws(TunError) -> Reading {
        var batch = Batch()
        while true {
            let result: TunDevice.ReadResult
            if let place = try Self.readPlaced(for: &core, &port, into: &buffer, share) {
                result = place.result
                Self.deliver(buffer, place, to: &core, at: now, handOver)
            } else {
                result = try Self.read(&port, into: &buffer)
                Self.sort(buffer, result, share, handOver) { packet, checksum in
                    _ = core.receive(packet, checksum: checksum, at: now)
                }
            }
            if let reading = batch.end(after: result) { return reading }
        }
    }

    /// The same for somebody who wants to see the packets: hands out each as it came, and leaves the rest to `body`.
    ///
    /// - Parameters:
    ///   - handOver: Is given a copy of each packet that another stack owns.
    ///   - body: Is given each of the others.
    /// - Throws: As ``TunDevice/read(into:)``.
    public mutating func receiveWhole(
        handOver: ([UInt8], ChecksumStatus) -> Void = { _, _ in }, _ body: (RawSpan, ChecksumStatus) -> Void
    ) throws(TunError) -> Reading {
        var batch = Batch()
        while true {
            let result = try Self.read(&port, into: &buffer)
            Self.sort(buffer, result, share, handOver, body)
            if let reading = batch.end(after: result) { return reading }
        }
    }

    /// Gives the device what the core wants to send, until that is all or there has been enough for one batch. What the device does not
    /// take is lost, and counted.
    ///
    /// - Returns: Whether it was all.
    /// - Throws: As ``PacketPort/write(_:_:_:_:)``.
    public mutating func transmit(from core: inout Stack, at now: Instant) throws(TunError) -> Bool {
        var byteCount = 0
        for _ in 0..<Self.packetsPerBatch where byteCount < Self.bytesPerBatch {
            guard try Self.transmit(from: &core, to: &port, headers: &buffer, &byteCount, at: now) else { return true }
        }
        return false
    }

    /// The same for somebody who wants to see the packets: each is put together, and handed out once it was given to the device, with
    /// whether it was lost there.
    ///
    /// - Returns: Whether it was all.
    /// - Throws: As ``PacketPort/write(_:_:_:_:)``.
    public mutating func transmitWhole(
        from core: inout Stack, at now: Instant, _ body: (inout Stack, RawSpan, Bool) -> Void
    ) throws(TunError) -> Bool {
        var byteCount = 0
        for _ in 0..<Self.packetsPerBatch where byteCount < Self.bytesPerBatch {
            guard let metadata = Self.next(of: &core, into: &whole, headers: &buffer, at: now) else { return true }
            byteCount += whole.count
            let result = try Self.write(whole, metadata, to: &port)
            whole.withBytes { body(&core, $0, result != .written) }
        }
        return false
    }
}

// MARK: - From the device

// Functions of their parts, because a closure over `self` would need all of it at once.
extension PacketPump {
    /// What has been read so far.
    private struct Batch {
        private var packets = 0
        private var bytes = 0

        /// What ends the batch after a read; nil if the next packet is to be read.
        mutating func end(after result: TunDevice.ReadResult) -> Reading? {
            switch result {
            case .packet(let byteCount, _, _): bytes += byteCount
            case .malformed: break
            case .wouldBlock: return .paused
            case .endOfStream: return .endOfStream
            }
            packets += 1
            return packets < packetsPerBatch && bytes < bytesPerBatch ? nil : .paused
        }
    }

    private static func read(
        _ port: inout PacketPort, into buffer: inout PacketBuffer
    ) throws(TunError) -> TunDevice.ReadResult {
        try buffer.fill { output throws(TunError) in try port.read(into: &output) }
    }

    /// Gives a packet that was read to `take`, or a copy of it to `handOver` if it is another stack's.
    private static func sort(
        _ buffer: borrowing PacketBuffer, _ result: TunDevice.ReadResult, _ share: StackShare?,
        _ handOver: ([UInt8], ChecksumStatus) -> Void, _ take: (RawSpan, ChecksumStatus) -> Void
    ) {
        guard case .packet(_, let checksum, _) = result else { return }
        buffer.withBytes { packet in
            if let share, share.owner(of: packet) != share.index {
                var copy: [UInt8] = []
                copy.append(bytes: packet)
                handOver(copy, checksum)
            } else {
                take(packet, checksum)
            }
        }
    }

    /// What was read, and how the places for it were laid out.
    private struct PlacedRead {
        let result: TunDevice.ReadResult
        let headerLength: Int
        let room: Int
        /// The whole packet, if it is another stack's.
        var foreign: [UInt8]?
    }

    /// Reads a packet whose text the core expects right into the receive buffer; nil if it expects nothing in particular.
    private static func readPlaced(
        for core: inout Stack, _ port: inout PacketPort, into buffer: inout PacketBuffer, _ share: StackShare?
    ) throws(TunError) -> PlacedRead? {
        try core.offerPlacement { headerLength, first, second throws(TunError) in
            let room = first.byteCount + second.byteCount
            let result = try buffer.fill { output throws(TunError) in
                try port.read(into: &output, headLength: headerLength, &first, &second)
            }
            var read = PlacedRead(result: result, headerLength: headerLength, room: room)
            if let share, case .packet(let count, _, _) = result {
                read.foreign = Self.foreign(
                    head: buffer, headerLength, first.bytes, second.bytes, count: count, to: share)
            }
            return read
        }
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
        _ buffer: borrowing PacketBuffer, _ place: PlacedRead, to core: inout Stack, at now: Instant,
        _ handOver: ([UInt8], ChecksumStatus) -> Void
    ) {
        guard case .packet(let count, let checksum, _) = place.result, place.foreign == nil else {
            core.withdrawPlacement()
            if case .packet(_, let checksum, _) = place.result, let foreign = place.foreign {
                handOver(foreign, checksum)
            }
            return
        }
        buffer.withBytes { bytes in
            let header = bytes.extracting(first: min(place.headerLength, bytes.byteCount))
            let overflow = bytes.extracting(droppingFirst: header.byteCount)
            _ = core.receivePlaced(
                header: header, textLength: min(place.room, count - header.byteCount), overflow: overflow,
                checksum: checksum, at: now)
        }
    }
}

// MARK: - To the device

extension PacketPump {
    /// Hands the next packet over in pieces.
    private static func transmit(
        from core: inout Stack, to port: inout PacketPort, headers: inout PacketBuffer, _ byteCount: inout Int,
        at now: Instant
    ) throws(TunError) -> Bool {
        try headers.fill { output throws(TunError) in
            try core.nextTransmit(header: &output, at: now) { (header, text, moreText, metadata) throws(TunError) in
                byteCount += header.byteCount + text.byteCount + moreText.byteCount
                _ = try port.write(header, text, moreText, metadata)
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
        _ packet: borrowing PacketBuffer, _ metadata: TransmitMetadata, to port: inout PacketPort
    ) throws(TunError) -> TunDevice.WriteResult {
        try packet.withBytes { packet throws(TunError) in
            let headerLength = metadata.segmentSize > 0 ? metadata.headerLength : packet.byteCount
            let header = packet.extracting(first: headerLength)
            let text = packet.extracting(droppingFirst: headerLength)
            return try port.write(header, text, RawSpan(), metadata)
        }
    }
}

import TunstackCore
import TunstackWire

/// What lies between a host's stack and its links, as a network card does it: cuts super-segments into the packets that the wire
/// carries, and merges packets that arrive together into super-segments.
struct SimulatedDevice: ~Copyable {
    private let offload: TransmitOffload
    private var cutter: SegmentCutter
    /// How long packets that arrive wait for others to be merged with; zero for not at all.
    var gatheringTime = Interval.zero
    private var gathered: [MergedPacket] = []

    init(_ offload: TransmitOffload) {
        self.offload = offload
        cutter = SegmentCutter(fillsChecksums: true)
    }

    // MARK: What leaves

    /// The packets that the next packet of the stack becomes; nil if it has none.
    mutating func nextPackets(of stack: inout Stack, at now: Instant) -> [[UInt8]]? {
        let mtu = stack.configuration.mtu
        var packets: [[UInt8]]?
        guard offload != TransmitOffload() else {
            var sent = false
            let packet = [UInt8](rawCapacity: mtu) { sent = stack.nextTransmit(into: &$0, at: now) }
            return sent ? [packet] : nil
        }
        _ = [UInt8](rawCapacity: mtu) { output in
            _ = stack.nextTransmit(header: &output, at: now) { header, text, moreText, metadata in
                packets = cut(header, text, moreText, metadata)
            }
        }
        return packets
    }

    private mutating func cut(
        _ header: RawSpan, _ text: RawSpan, _ moreText: RawSpan, _ metadata: TransmitMetadata
    ) -> [[UInt8]] {
        if metadata.segmentSize == 0, metadata.checksumStart == nil { return [Self.packet(header, text, moreText)] }
        var packets: [[UInt8]] = []
        cutter.cut(header: header, text: text, moreText: moreText, metadata: metadata) {
            packets.append(Self.packet($0, $1, $2))
        }
        return packets
    }

    private static func packet(_ header: RawSpan, _ text: RawSpan, _ moreText: RawSpan) -> [UInt8] {
        var packet: [UInt8] = []
        packet.reserveCapacity(header.byteCount + text.byteCount + moreText.byteCount)
        packet.append(bytes: header)
        packet.append(bytes: text)
        packet.append(bytes: moreText)
        return packet
    }

    // MARK: What arrives

    /// Packets that arrive wait for others.
    var gathersArrivals: Bool { gatheringTime > .zero }

    /// Keeps a packet that has arrived, merged with the one before it if they fit. Answers whether it is the first to wait.
    mutating func gather(_ number: Int, _ bytes: [UInt8]) -> Bool {
        if let last = gathered.indices.last, gathered[last].merge(number, bytes) { return false }
        gathered.append(MergedPacket(number, bytes))
        return gathered.count == 1
    }

    /// The packets that have waited.
    mutating func takeGathered() -> [MergedPacket] {
        defer { gathered = [] }
        return gathered
    }
}

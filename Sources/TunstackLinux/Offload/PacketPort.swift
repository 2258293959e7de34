import Glibc
public import TunstackCore

/// A device as a stack wants it: it takes super-segments and packets without checksums, whether the kernel helps or not, and it
/// counts.
///
/// What the kernel does not do is done here, by a ``SegmentCutter``. Should the kernel refuse a super-segment as invalid although
/// it had agreed to cut them, that one is cut here and so are all others from then on.
public struct PacketPort: ~Copyable {
    /// The device.
    public let device: TunDevice

    /// What has passed.
    public private(set) var counters = DeviceCounters()

    private var cutter: SegmentCutter
    private var kernelCuts: Bool

    /// What the stack may leave to a port, whatever is behind it.
    public static let transmitOffload = TransmitOffload(largestPacket: 65_535, fillsChecksum: true)

    /// A port over a device.
    public init(_ device: consuming TunDevice) {
        cutter = SegmentCutter(fillsChecksums: !device.offload.checksums)
        kernelCuts = device.offload.segmentation
        self.device = device
    }

    /// ``counters``, as a method: of an optional port nothing else can be borrowed.
    public borrowing func counted() -> DeviceCounters { counters }

    /// Appends the next packet to `output`, which needs room as ``TunDevice/read(into:)`` says.
    ///
    /// - Throws: As ``TunDevice/read(into:)``.
    public mutating func read(into output: inout OutputRawSpan) throws(TunError) -> TunDevice.ReadResult {
        let result = try device.read(into: &output)
        count(result)
        return result
    }

    /// Reads the next packet as ``TunDevice/read(into:headLength:_:_:)`` does.
    ///
    /// - Throws: As ``TunDevice/read(into:)``.
    public mutating func read(
        into output: inout OutputRawSpan, headLength: Int, _ first: inout MutableRawSpan, _ second: inout MutableRawSpan
    ) throws(TunError) -> TunDevice.ReadResult {
        let result = try device.read(into: &output, headLength: headLength, &first, &second)
        count(result)
        return result
    }

    private mutating func count(_ result: TunDevice.ReadResult) {
        switch result {
        case .packet(let byteCount, _, let segmentSize):
            counters.packetsRead &+= 1
            counters.bytesRead &+= UInt64(byteCount)
            if segmentSize > 0 { counters.superSegmentsRead &+= 1 }
        case .malformed: counters.packetsMalformed &+= 1
        case .wouldBlock, .endOfStream: break
        }
    }

    /// Hands over one packet of the stack's, in up to three pieces.
    ///
    /// - Parameters:
    ///   - header: The headers at least; of a super-segment nothing else.
    ///   - text: What follows.
    ///   - moreText: What follows that.
    ///   - metadata: What is still to be done to the packet.
    /// - Returns: Not `written` if the packet, or a part of a super-segment, is lost.
    /// - Throws: As ``TunDevice/write(_:_:_:_:)``.
    public mutating func write(
        _ header: RawSpan, _ text: RawSpan, _ moreText: RawSpan, _ metadata: TransmitMetadata
    ) throws(TunError) -> TunDevice.WriteResult {
        let isSuperSegment = metadata.segmentSize > 0
        let isComplete = !isSuperSegment && metadata.checksumStart == nil
        guard isComplete || device.offload.checksums && (kernelCuts || !isSuperSegment) else {
            return try cut(header, text, moreText, metadata)
        }
        let result = try device.write(header, text, moreText, metadata)
        if isSuperSegment, result == .dropped(Errno(rawValue: EINVAL)) {
            kernelCuts = false
            counters.segmentationWasRefused = true
            return try cut(header, text, moreText, metadata)
        }
        let byteCount = header.byteCount + text.byteCount + moreText.byteCount
        counters.count(result, byteCount: byteCount, isSuperSegment: isSuperSegment)
        return result
    }

    /// Writes a packet as the device takes it: in many, or with its checksum.
    private mutating func cut(
        _ header: RawSpan, _ text: RawSpan, _ moreText: RawSpan, _ metadata: TransmitMetadata
    ) throws(TunError) -> TunDevice.WriteResult {
        var worst = TunDevice.WriteResult.written
        var packetMetadata = TransmitMetadata(headerLength: metadata.headerLength)
        if !cutter.fillsChecksums { packetMetadata.checksumStart = metadata.checksumStart }
        try Self.cut(
            with: &cutter, header, text, moreText, metadata, packetMetadata, device, &counters, &worst)
        return worst
    }

    /// A function of its parts, because a closure over `self` would need all of it at once.
    private static func cut(
        with cutter: inout SegmentCutter, _ header: RawSpan, _ text: RawSpan, _ moreText: RawSpan,
        _ metadata: TransmitMetadata, _ packetMetadata: TransmitMetadata, _ device: borrowing TunDevice,
        _ counters: inout DeviceCounters, _ worst: inout TunDevice.WriteResult
    ) throws(TunError) {
        try cutter.cut(header: header, text: text, moreText: moreText, metadata: metadata) {
            (header, text, moreText) throws(TunError) in
            let result = try device.write(header, text, moreText, packetMetadata)
            let byteCount = header.byteCount + text.byteCount + moreText.byteCount
            counters.count(result, byteCount: byteCount, isSuperSegment: false)
            if result != .written { worst = result }
        }
    }
}

extension DeviceCounters {
    /// A packet was given to the device.
    fileprivate mutating func count(_ result: TunDevice.WriteResult, byteCount: Int, isSuperSegment: Bool) {
        switch result {
        case .written:
            packetsWritten &+= 1
            bytesWritten &+= UInt64(byteCount)
            if isSuperSegment { superSegmentsWritten &+= 1 }
        case .wouldBlock: packetsLostToFullQueue &+= 1
        case .dropped: packetsRefused &+= 1
        }
    }
}

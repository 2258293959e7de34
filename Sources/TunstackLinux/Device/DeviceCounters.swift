/// What has passed between a stack and its device. TCP sends again what the device did not take.
public struct DeviceCounters: Hashable, Sendable {
    /// Packets that the device gave; a super-segment is one.
    public internal(set) var packetsRead: UInt64 = 0
    /// How many of them were super-segments.
    public internal(set) var superSegmentsRead: UInt64 = 0
    /// The bytes of those packets.
    public internal(set) var bytesRead: UInt64 = 0
    /// What the device gave and no packet could be made of.
    public internal(set) var packetsMalformed: UInt64 = 0

    /// Packets that the device took; a super-segment that it cuts is one, the packets that one was cut into before are many.
    public internal(set) var packetsWritten: UInt64 = 0
    /// How many of them were super-segments.
    public internal(set) var superSegmentsWritten: UInt64 = 0
    /// The bytes of those packets.
    public internal(set) var bytesWritten: UInt64 = 0
    /// Lost because the device's queue was full.
    public internal(set) var packetsLostToFullQueue: UInt64 = 0
    /// Lost because the interface was down or the kernel had no memory for them.
    public internal(set) var packetsRefused: UInt64 = 0
    /// Whether the kernel has refused a super-segment that it had promised to cut. From then on they are cut here.
    public internal(set) var segmentationWasRefused = false

    /// Nothing has passed.
    public init() {}
}

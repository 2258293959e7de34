/// What the layer below does for the stack when packets leave. By default nothing: every packet fits the MTU and is complete.
public struct TransmitOffload: Hashable, Sendable {
    /// The largest IP packet that may be handed over at a time, in bytes, up to 65,535; nil, the default, for the MTU. A larger packet
    /// than the path's MTU is a super-segment, which the layer below cuts up as its `TransmitMetadata` say.
    public var largestPacket: Int?
    /// The layer below fills in the checksums of TCP: the field holds the sum over the pseudo-header, not complemented.
    public var fillsChecksum: Bool

    /// What the layer below does.
    public init(largestPacket: Int? = nil, fillsChecksum: Bool = false) {
        self.largestPacket = largestPacket
        self.fillsChecksum = fillsChecksum
    }
}

/// What the layer below has to know about a packet that leaves.
public struct TransmitMetadata: Hashable, Sendable {
    /// Bytes of text in each of the segments that the packet is to be cut into, the last of which may have fewer; 0 if the packet
    /// leaves as it is. Every piece carries the headers with its own lengths, sequence number and checksums; FIN and PSH go on the last.
    public var segmentSize: Int
    /// Bytes of the IP and TCP headers together; 0 for a packet that is not TCP.
    public var headerLength: Int
    /// Where the TCP header begins, if its checksum is to be filled in, as that of a super-segment's pieces always is; nil if it is
    /// complete.
    public var checksumStart: Int?

    /// Makes metadata of its parts; by default those of a packet that leaves as it is.
    public init(segmentSize: Int = 0, headerLength: Int = 0, checksumStart: Int? = nil) {
        self.segmentSize = segmentSize
        self.headerLength = headerLength
        self.checksumStart = checksumStart
    }
}

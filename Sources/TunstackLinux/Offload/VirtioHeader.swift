import CLinuxTun
import TunstackCore

/// What stands in front of a packet on a device with offloads: what was left undone, and how to do it (virtio 1.2 §5.1.6). Its
/// numbers are in the machine's byte order.
extension virtio_net_hdr {
    /// The header for a packet that goes to the kernel.
    init(_ metadata: TransmitMetadata) {
        self.init()
        if let start = metadata.checksumStart {
            flags = UInt8(VIRTIO_NET_HDR_F_NEEDS_CSUM)
            csum_start = UInt16(start)
            csum_offset = UInt16(SegmentCutter.checksumOffset)
        }
        if metadata.segmentSize > 0 {
            precondition(metadata.checksumStart != nil, "the kernel cuts only what it puts checksums in")
            gso_type = UInt8(VIRTIO_NET_HDR_GSO_TCPV4)
            hdr_len = UInt16(metadata.headerLength)
            gso_size = UInt16(metadata.segmentSize)
        }
    }

    /// Who vouches for the transport header's checksum. The kernel leaves it out for its own sockets, and what it has
    /// verified need not be verified again.
    var checksumStatus: ChecksumStatus {
        flags & UInt8(VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID) != 0 ? .verified : .unverified
    }

    /// Text in each segment of a super-segment; 0 for an ordinary packet.
    var segmentSize: Int { Int(gso_size) }

    /// Whether it makes sense in front of a packet of this many bytes, given what the kernel was allowed to leave undone. A
    /// negative number says that not even the header was whole.
    func isValid(forPacketOf byteCount: Int) -> Bool {
        guard byteCount >= 0 else { return false }
        if flags & UInt8(VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0 {
            guard Int(csum_start) + Int(csum_offset) + 2 <= byteCount else { return false }
        }
        switch CInt(gso_type) & ~VIRTIO_NET_HDR_GSO_ECN {
        case VIRTIO_NET_HDR_GSO_NONE: return gso_size == 0
        case VIRTIO_NET_HDR_GSO_TCPV4: return gso_size > 0
        default: return false
        }
    }
}

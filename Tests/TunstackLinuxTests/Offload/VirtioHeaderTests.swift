import CLinuxTun
import Testing
import TunstackCore

@testable import TunstackLinux

@Suite("Virtio header")
struct VirtioHeaderTests {
    @Test("a complete packet has a header of zeros")
    func completePacket() {
        let header = virtio_net_hdr(TransmitMetadata())
        #expect(header.flags == 0 && header.gso_type == 0 && header.hdr_len == 0 && header.gso_size == 0)
        #expect(header.csum_start == 0 && header.csum_offset == 0)
    }

    @Test("a super-segment's header says where the checksum goes and how to cut")
    func superSegment() {
        let header = virtio_net_hdr(TransmitMetadata(segmentSize: 1_448, headerLength: 52, checksumStart: 20))
        #expect(header.flags == 1 && header.gso_type == 1 && header.hdr_len == 52 && header.gso_size == 1_448)
        #expect(header.csum_start == 20 && header.csum_offset == 16)
    }

    @Test("a checksum that was left out, or that the kernel has verified, counts as verified")
    func checksumStatus() {
        #expect(virtio_net_hdr(flags: 0).checksumStatus == .unverified)
        #expect(virtio_net_hdr(flags: 1).checksumStatus == .verified)
        #expect(virtio_net_hdr(flags: 2).checksumStatus == .verified)
    }

    @Test("a header that does not fit its packet is malformed")
    func malformed() {
        #expect(virtio_net_hdr().isValid(forPacketOf: 0))
        #expect(!virtio_net_hdr().isValid(forPacketOf: -1))
        #expect(virtio_net_hdr(flags: 1, start: 20).isValid(forPacketOf: 38))
        #expect(!virtio_net_hdr(flags: 1, start: 20).isValid(forPacketOf: 37))
        #expect(!virtio_net_hdr(flags: 1, start: .max).isValid(forPacketOf: 65_535))
        #expect(virtio_net_hdr(type: 1, size: 1_448).isValid(forPacketOf: 3_000))
        #expect(virtio_net_hdr(type: 0x81, size: 1_448).isValid(forPacketOf: 3_000))
        #expect(!virtio_net_hdr(type: 1, size: 0).isValid(forPacketOf: 3_000))
        #expect(!virtio_net_hdr(type: 0, size: 1_448).isValid(forPacketOf: 3_000))
        for type in [UInt8(3), 4, 5, 0x7F, 0xFF] {
            #expect(!virtio_net_hdr(type: type, size: 1_448).isValid(forPacketOf: 3_000))
        }
    }
}

extension virtio_net_hdr {
    fileprivate init(flags: UInt8 = 0, start: UInt16 = 0, type: UInt8 = 0, size: UInt16 = 0) {
        self.init()
        self.flags = flags
        csum_start = start
        csum_offset = 16
        gso_type = type
        gso_size = size
    }
}

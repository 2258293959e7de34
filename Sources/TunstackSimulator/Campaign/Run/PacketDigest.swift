import TunstackCore
import TunstackWire

/// A number that depends on every byte of every packet and on when it was sent (FNV-1a over words of 64 bits), to tell
/// whether two runs are the same.
struct PacketDigest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ packet: [UInt8], at time: Instant) {
        mix(UInt64(bitPattern: time.nanoseconds))
        mix(UInt64(packet.count))
        packet.withRawSpan { span in
            for offset in stride(from: 0, to: span.byteCount & ~3, by: 4) {
                mix(UInt64(span.bigEndianUInt32(at: offset)))
            }
            for offset in (span.byteCount & ~3)..<span.byteCount { mix(UInt64(span.byte(at: offset))) }
        }
    }

    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x100_0000_01B3
        value ^= value >> 32
    }
}

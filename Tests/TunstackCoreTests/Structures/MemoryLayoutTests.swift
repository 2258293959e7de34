import TestSupport
import Testing

@testable import TunstackCore

@Suite("Memory per connection")
struct MemoryLayoutTests {
    // The sizes as they were last measured. Who makes a block larger should know what it costs at a million connections, and
    // raise the number here on purpose.
    @Test("a connection, a half-open entry and a TIME-WAIT record are no larger than recorded")
    func sizes() {
        #expect(MemoryLayout<Connection>.stride <= 1_560)
        #expect(MemoryLayout<HalfOpen>.stride <= 144)
        #expect(MemoryLayout<TimeWaitRecord>.stride <= 104)
    }

    @Test("a connection at rest takes 512 bytes at most, all told")
    func atRest() {
        let record = Slab<ConnectionStore.Entry>.bytesPerElement
        // The table is at least three eighths full, since it doubles when it is three quarters full.
        let slot = (8 * 8 + 2) / 3
        let timer = TimerWheel.bytesPerEntry
        #expect(record <= 456)
        #expect(record + slot + timer <= 512)
    }

    @Test("a SYN costs us a quarter of a connection at most", .requirement("mission B21"))
    func halfOpenIsSmall() {
        #expect(MemoryLayout<HalfOpen>.stride * 4 <= MemoryLayout<Connection>.stride)
    }
}

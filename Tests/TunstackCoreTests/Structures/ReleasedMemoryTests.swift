import AllocationCounter
import TestSupport
import Testing
import TunstackCore

@Suite("What is left of a stack that is gone")
struct ReleasedMemoryTests {
    @Test("a stack that goes gives back what the buffers of open connections held")
    func buffers() async {
        // A process of its own: nothing else takes memory there.
        await #expect(processExitsWith: .success) {
            func open() throws { _ = try SegmentScript.tenInFlight() }
            try open()
            let before = heap_bytes_in_use()
            for _ in 0..<50 { try open() }
            // One connection has some 20 KiB in its buffers.
            #expect(heap_bytes_in_use() < before + 100_000)
        }
    }
}

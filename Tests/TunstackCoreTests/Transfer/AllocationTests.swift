import AllocationCounter
import TestSupport
import Testing
import TunstackCore
import TunstackWire

/// Code that is not optimized keeps temporary values on the heap.
#if DEBUG
    private let isOptimized = false
#else
    private let isOptimized = true
#endif

@Suite("Memory that an established connection takes from the heap")
struct AllocationTests {
    /// Two stacks with a connection between them, and buffers that are used again and again.
    @safe private final class Pair {
        var sender: Stack
        var receiver: Stack
        let outgoing: ConnectionID
        var incoming: ConnectionID
        var now = Instant.origin
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 64)
        let text = StreamBytes.at(0, count: 60_000)

        init(offload: TransmitOffload) throws {
            var random = SplitMix64(seed: 1)
            var stacks: [StackConfiguration] = StackPair.addresses.map {
                var configuration = StackConfiguration(address: IPv4Network($0, prefixLength: 24))
                configuration.defaultConnectionOptions.pacing = false
                return configuration
            }
            stacks[0].transmitOffload = offload
            sender = Stack(configuration: stacks[0], random: &random, at: now)
            receiver = Stack(configuration: stacks[1], random: &random, at: now)
            let listener = try receiver.listen(on: Endpoint(StackPair.addresses[1], 9877), at: now)
            outgoing = try sender.open(to: Endpoint(StackPair.addresses[1], 9877), at: now)
            incoming = outgoing
            exchange()
            if let accepted = receiver.accept(listener) { incoming = accepted }
        }

        deinit { unsafe memory.deallocate() }

        /// Sends the text, carries all packets in either direction, and reads it in place.
        func transfer() throws(ConnectionError) {
            _ = try text.withRawSpan { text throws(ConnectionError) in try sender.send(text, on: outgoing, at: now) }
            exchange()
            _ = try receiver.receive(on: incoming, at: now) { $0.byteCount + $1.byteCount }
            exchange()
            while sender.nextEvent() != nil || receiver.nextEvent() != nil {}
            now = now + .milliseconds(1)
        }

        private func exchange() {
            var isMoving = true
            while isMoving {
                isMoving = false
                while unsafe Self.carry(from: &sender, to: &receiver, memory, at: now) { isMoving = true }
                while unsafe Self.carry(from: &receiver, to: &sender, memory, at: now) { isMoving = true }
            }
        }

        private static func carry(
            from: inout Stack, to: inout Stack, _ memory: UnsafeMutableRawBufferPointer, at now: Instant
        ) -> Bool {
            let headers = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<1_500])
            var header = unsafe OutputRawSpan(buffer: headers, initializedCount: 0)
            var length = 0
            let isSent = from.nextTransmit(header: &header, at: now) { header, text, moreText, _ in
                // The headers are there already; the text follows them.
                var packet = unsafe OutputRawSpan(buffer: memory, initializedCount: header.byteCount)
                packet.append(bytes: text)
                packet.append(bytes: moreText)
                length = packet.byteCount
            }
            guard isSent else { return false }
            let packet = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[..<length]))
            to.receive(packet, checksum: .verified, at: now)
            return true
        }
    }

    @Test(
        "a transfer that has found its pace takes none for its segments, single or super",
        .enabled(if: isOptimized, "needs an optimized build: make allocations"),
        arguments: [TransmitOffload(), TransmitOffload(largestPacket: 65_535, fillsChecksum: true)])
    func none(offload: TransmitOffload) throws {
        let pair = try Pair(offload: offload)
        for _ in 0..<100 { try pair.transfer() }
        let before = allocation_count()
        for _ in 0..<100 { try pair.transfer() }
        #expect(allocation_count() == before)
    }

    @Test("the counter counts")
    func counts() {
        let before = allocation_count()
        let bytes = [UInt8](repeating: 1, count: Int.random(in: 1_000...2_000))
        #expect(bytes.count >= 1_000)
        #expect(allocation_count() > before)
    }
}

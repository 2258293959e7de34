import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Receive autotuning: the measurement")
struct ReceiveAutotuningTests {
    private static let start = SequenceNumber(UInt32.max - 5_000)

    /// The measurement of one connection and what it says.
    private struct Measured {
        var tuning = ReceiveAutotuning(at: .origin, start: start)
        var now = Instant.origin
        var next = start

        init(handshake: Interval = .zero) { tuning.adopt(handshake) }

        /// A round in which so many bytes have arrived and been read.
        mutating func round(_ count: Int, lasting time: Interval, mayGrow: Bool = true) -> Int? {
            now = now + time
            next += count
            return tuning.onArrival(upTo: next, read: next, edge: next + 60_000, mayGrow: mayGrow, at: now)
        }
    }

    @Test("a round that grows asks for two and a half times what the next can be, a steady one for so much of itself")
    func rounds() {
        var measured = Measured(handshake: .milliseconds(100))
        // Of the first nothing is known but that slow start may be on.
        #expect(measured.round(10_000, lasting: .milliseconds(100)) == 50_000)
        #expect(measured.round(20_000, lasting: .milliseconds(100)) == 100_000)
        #expect(measured.round(50_000, lasting: .milliseconds(100)) == 250_000, "no more than doubling is expected")
        #expect(measured.round(60_000, lasting: .milliseconds(100)) == 180_000)
        #expect(measured.round(60_000, lasting: .milliseconds(100)) == nil)
        #expect(measured.round(30_000, lasting: .milliseconds(100)) == nil)
        #expect(measured.round(61_000, lasting: .milliseconds(100)) == 155_040)
    }

    @Test("reads within a round trip add up")
    func withinRound() {
        var measured = Measured(handshake: .milliseconds(100))
        #expect(measured.round(10_000, lasting: .milliseconds(60)) == nil)
        #expect(measured.round(10_000, lasting: .milliseconds(39)) == nil)
        #expect(measured.round(10_000, lasting: .milliseconds(1)) == 150_000)
    }

    @Test("a round that memory was too scarce for counts when it is repeated")
    func scarce() {
        var measured = Measured(handshake: .milliseconds(100))
        #expect(measured.round(10_000, lasting: .milliseconds(100), mayGrow: false) == nil)
        #expect(measured.round(10_000, lasting: .milliseconds(100)) == 50_000)
    }

    @Test("without any sign of the round trip, a whole window more than was promised ends a round")
    func withoutSign() {
        var measured = Measured()
        // The first read begins a round, up to an edge that is not reached for a while.
        #expect(measured.round(10, lasting: .milliseconds(1)) == nil)
        for _ in 0..<6 { #expect(measured.round(10_000, lasting: .milliseconds(10)) == nil) }
        #expect(measured.tuning.roundTrip == .zero)
        #expect(measured.round(10_000, lasting: .milliseconds(10)) == 350_000)
        #expect(measured.tuning.roundTrip == .milliseconds(70))
    }

    @Test("a handshake that took long is corrected by a window that arrives sooner, and not by one that takes longer")
    func correction() {
        var measured = Measured(handshake: .seconds(1))
        #expect(measured.round(10, lasting: .seconds(1)) == 50)
        #expect(measured.round(60_001, lasting: .milliseconds(100)) != nil)
        #expect(measured.tuning.roundTrip == .milliseconds(100))
        #expect(measured.round(70_000, lasting: .seconds(5)) != nil)
        #expect(measured.tuning.roundTrip == .milliseconds(100))
    }

    @Test("an echo counts up to what its clock can tell: a short one at once, a long one by an eighth")
    func echoes() {
        let tick = Interval.milliseconds(1)
        var measured = Measured()
        measured.tuning.onEcho(.milliseconds(49), tick: tick)
        #expect(measured.tuning.roundTrip == .milliseconds(50))
        measured.tuning.onEcho(.milliseconds(51), tick: tick)
        #expect(measured.tuning.roundTrip == .milliseconds(50))
        measured.tuning.onEcho(.milliseconds(131), tick: tick)
        #expect(measured.tuning.roundTrip == .milliseconds(60))
        measured.tuning.onEcho(.zero, tick: tick)
        #expect(measured.tuning.roundTrip == tick)
        // A handshake of 60 µs is more exact than a clock that ticks in milliseconds.
        var local = Measured(handshake: .microseconds(60))
        local.tuning.onEcho(tick, tick: tick)
        local.tuning.onEcho(.zero, tick: tick)
        #expect(local.tuning.roundTrip == .microseconds(60))
    }

    @Test("no time, count or echo makes it trap", arguments: 0..<50 as Range<UInt64>)
    func anything(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var tuning = ReceiveAutotuning(at: .origin, start: SequenceNumber(UInt32(truncatingIfNeeded: seed)))
        var now = Instant.origin
        for _ in 0..<1_000 {
            let number = SequenceNumber(UInt32(truncatingIfNeeded: random.next()))
            let edge = SequenceNumber(UInt32(truncatingIfNeeded: random.next()))
            let shift = Int64.random(in: 0...62, using: &random)
            now = now + Interval(nanoseconds: Int64.random(in: 0...1 << shift, using: &random))
            switch Int.random(in: 0..<3, using: &random) {
            case 0: tuning.onEcho(Interval(nanoseconds: 1 << shift), tick: .seconds(1))
            case 1: tuning.adopt(Interval(nanoseconds: 1 << shift))
            default:
                let read = SequenceNumber(UInt32(truncatingIfNeeded: random.next()))
                let wanted = tuning.onArrival(upTo: number, read: read, edge: edge, mayGrow: true, at: now)
                expectEqual((wanted ?? 1) > 0, true)
            }
        }
    }

    @Test("its state is small")
    func size() {
        #expect(MemoryLayout<ReceiveAutotuning>.stride <= 32)
    }

    @Test(
        "the shift is the smallest that can tell the largest window",
        arguments: [
            (1, 0), (65_535, 0), (65_536, 1), (131_070, 1), (480 << 10, 3), (6 << 20, 7), (1 << 29, 14), (.max, 14),
        ] as [(Int, UInt8)])
    func shift(byteCount: Int, shift: UInt8) {
        #expect(NegotiatedOptions.shift(telling: byteCount) == shift)
        var options = ConnectionOptions()
        options.receiveBufferBytes = 1
        options.maximumReceiveBufferBytes = byteCount
        #expect(options.windowScale == shift)
        options.windowScale = 3
        #expect(options.windowScale == 3)
        options.windowScale = nil
        #expect(options.windowScale == nil)
    }
}

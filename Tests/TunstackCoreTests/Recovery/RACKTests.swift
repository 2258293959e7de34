import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Recent acknowledgment (RFC 8985 §6)")
struct RACKTests {
    private static func at(_ milliseconds: Int64) -> Instant { .origin + .milliseconds(milliseconds) }

    private func segment(_ start: UInt32, sentAt: Int64, isRetransmitted: Bool = false) -> SentSegment {
        var segment = SentSegment(start: SequenceNumber(start), length: 1_000, sentAt: Self.at(sentAt))
        segment.isRetransmitted = isRetransmitted
        return segment
    }

    @Test(
        "the segment that left last counts, and among equals the one with the higher end", .requirement("RFC8985 §6.1"),
        .requirement("RFC8985 §6.2"))
    func mostRecent() {
        var rack = RACK(iss: SequenceNumber(5_000))
        rack.onDelivered(segment(7_001, sentAt: 10), isAmbiguous: false, at: Self.at(110))
        rack.onDelivered(segment(6_001, sentAt: 10), isAmbiguous: false, at: Self.at(130))
        #expect(rack.sentAt == Self.at(10))
        #expect(rack.end == SequenceNumber(8_001))
        #expect(rack.roundTrip == .milliseconds(120))
        rack.onDelivered(segment(5_001, sentAt: 20, isRetransmitted: true), isAmbiguous: false, at: Self.at(140))
        #expect(rack.sentAt == Self.at(20))
        #expect(rack.end == SequenceNumber(6_001))
        #expect(rack.roundTrip == .milliseconds(120))
        #expect(rack.isAfter(Self.at(19), SequenceNumber(9_001)))
        #expect(rack.isAfter(Self.at(20), SequenceNumber(6_000)))
        #expect(!rack.isAfter(Self.at(20), SequenceNumber(6_001)))
        #expect(!rack.isAfter(Self.at(21), SequenceNumber(5_001)))
    }

    @Test(
        "what arrives in the instant in which it left tells nothing of the others that leave in it",
        .requirement("RFC8985 §6.2"))
    func withoutDelay() {
        var rack = RACK(iss: SequenceNumber(5_000))
        rack.onDelivered(segment(7_001, sentAt: 50), isAmbiguous: false, at: Self.at(50))
        #expect(!rack.isAfter(Self.at(50), SequenceNumber(6_001)))
        #expect(rack.isAfter(Self.at(49), SequenceNumber(6_001)))
    }

    @Test(
        "what may be the original of a segment sent again tells nothing about time", .requirement("RFC8985 §6.1"),
        .requirement("RFC8985 §6.2"))
    func ambiguous() {
        var rack = RACK(iss: SequenceNumber(5_000))
        rack.onDelivered(segment(5_001, sentAt: 50, isRetransmitted: true), isAmbiguous: true, at: Self.at(60))
        #expect(rack.sentAt == .origin)
        #expect(rack.roundTrip == .zero)
        #expect(rack.highest == SequenceNumber(6_001))
    }

    @Test(
        "an original that arrives after a later one shows reordering; a repair does not", .requirement("RFC8985 §6.2"))
    func reordering() {
        var rack = RACK(iss: SequenceNumber(5_000))
        rack.onDelivered(segment(7_001, sentAt: 1), isAmbiguous: false, at: Self.at(101))
        rack.onDelivered(segment(7_001, sentAt: 1), isAmbiguous: false, at: Self.at(101))
        rack.onDelivered(segment(5_001, sentAt: 90, isRetransmitted: true), isAmbiguous: false, at: Self.at(190))
        #expect(!rack.hasSeenReordering)
        rack.onDelivered(segment(6_001, sentAt: 1), isAmbiguous: false, at: Self.at(191))
        #expect(rack.hasSeenReordering)
    }

    private func window(_ rack: RACK, isCertain: Bool = false, minimum: Int64? = 80, smoothed: Int64 = 200) -> Int64 {
        rack.reorderingWindow(
            isCertain: isCertain, minimumRoundTrip: minimum.map { .milliseconds($0) }, smoothed: .milliseconds(smoothed)
        ).nanoseconds / 1_000_000
    }

    @Test(
        "the window is a quarter of the least round trip, and none where the case is clear and nothing was reordered",
        .requirement("RFC8985 §6.2"))
    func window() {
        var rack = RACK(iss: SequenceNumber(5_000))
        #expect(window(rack) == 20)
        #expect(window(rack, isCertain: true) == 0)
        #expect(window(rack, minimum: nil) == 50)
        #expect(window(rack, smoothed: 5) == 5)
        rack.onDelivered(segment(5_001, sentAt: 10), isAmbiguous: false, at: Self.at(110))
        // What was late after a time-out was not reordered.
        rack.onSpuriousRecovery(afterTimeout: true)
        #expect(window(rack, isCertain: true) == 0)
        rack.onSpuriousRecovery(afterTimeout: false)
        #expect(!rack.isAfter(Self.at(5), SequenceNumber(5_001)))
        #expect(window(rack, isCertain: true) == 20)
    }

    @Test(
        "every round with a duplicate report widens the window by a quarter, up to the smoothed round trip",
        .requirement("RFC8985 §6.2"))
    func growth() {
        var rack = RACK(iss: SequenceNumber(5_000))
        rack.onDuplicateReported(nxt: SequenceNumber(9_001))
        #expect(window(rack) == 40)
        // The same round.
        rack.onDuplicateReported(nxt: SequenceNumber(9_501))
        rack.onAcknowledged(una: SequenceNumber(9_000))
        rack.onDuplicateReported(nxt: SequenceNumber(9_501))
        #expect(window(rack) == 40)
        rack.onAcknowledged(una: SequenceNumber(9_001))
        rack.onDuplicateReported(nxt: SequenceNumber(20_001))
        #expect(window(rack) == 60)
        for round in 0..<1_000 {
            rack.onAcknowledged(una: SequenceNumber(20_001) + round)
            rack.onDuplicateReported(nxt: SequenceNumber(20_001) + round)
        }
        #expect(window(rack) == 200)
        #expect(window(rack, smoothed: 100_000) == 20 * 255)
    }

    @Test("after sixteen recoveries without a duplicate report it is small again", .requirement("RFC8985 §6.2"))
    func persistence() {
        var rack = RACK(iss: SequenceNumber(5_000))
        for round in 0..<3 {
            rack.onAcknowledged(una: SequenceNumber(9_001) + round)
            rack.onDuplicateReported(nxt: SequenceNumber(9_001) + round)
        }
        for _ in 0..<15 { rack.onRecovered() }
        #expect(window(rack) == 80)
        rack.onRecovered()
        #expect(window(rack) == 20)
        rack.onRecovered()
        #expect(window(rack) == 20)
    }

    @Test("the highest number delivered goes along with SND.UNA through the wrap")
    func wrap() {
        var rack = RACK(iss: SequenceNumber(0xffff_ff00))
        var una = SequenceNumber(0xffff_ff00)
        for _ in 0..<10 {
            una += 1 << 29
            rack.onAcknowledged(una: una)
            #expect(rack.highest == una)
        }
        rack.onDelivered(segment(una.rawValue, sentAt: 1), isAmbiguous: false, at: Self.at(2))
        #expect(!rack.hasSeenReordering)
    }
}

import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Tail loss probe (RFC 8985 §7)")
struct TailLossProbeTests {
    @Test(
        "the timeout is two smoothed round trips, with room for a delayed acknowledgment where one segment is out",
        .requirement("RFC8985 §7.2"))
    func timeout() {
        #expect(TailLossProbe.timeout(smoothed: .milliseconds(30), isSingleSegment: false) == .milliseconds(60))
        #expect(TailLossProbe.timeout(smoothed: .milliseconds(30), isSingleSegment: true) == .milliseconds(260))
        #expect(TailLossProbe.timeout(smoothed: .zero, isSingleSegment: false) == .seconds(1))
        #expect(TailLossProbe.timeout(smoothed: .zero, isSingleSegment: true) == .seconds(1))
    }

    private func probe(isRetransmission: Bool) -> TailLossProbe {
        var probe = TailLossProbe()
        probe.onSent(nxt: SequenceNumber(9_001), isRetransmission: isRetransmission)
        return probe
    }

    @Test("at first no probe is out, and no acknowledgment is judged by one", .requirement("RFC8985 §7.1"))
    func atFirst() {
        var probe = TailLossProbe()
        #expect(probe.end == nil)
        expectEqual(
            probe.hasRepairedLoss(
                una: SequenceNumber(9_001), duplicateEnd: SequenceNumber(9_001), isPlainDuplicate: true), false)
    }

    @Test("a probe with new data repairs nothing", .requirement("RFC8985 §7.4.2"))
    func newData() {
        var probe = probe(isRetransmission: false)
        expectEqual(
            probe.hasRepairedLoss(una: SequenceNumber(9_000), duplicateEnd: nil, isPlainDuplicate: false),
            false)
        #expect(probe.end != nil)
        expectEqual(
            probe.hasRepairedLoss(una: SequenceNumber(9_001), duplicateEnd: nil, isPlainDuplicate: false),
            false)
        #expect(probe.end == nil)
    }

    @Test("the report of a duplicate shows that nothing was lost", .requirement("RFC8985 §7.4.2"))
    func duplicate() {
        var probe = probe(isRetransmission: true)
        expectEqual(
            probe.hasRepairedLoss(una: SequenceNumber(9_001), duplicateEnd: nil, isPlainDuplicate: false),
            false)
        #expect(probe.end != nil)
        expectEqual(
            probe.hasRepairedLoss(
                una: SequenceNumber(9_001), duplicateEnd: SequenceNumber(9_001), isPlainDuplicate: false), false
        )
        #expect(probe.end == nil)
    }

    @Test("so does a duplicate acknowledgment without blocks", .requirement("RFC8985 §7.4.2"))
    func plainDuplicate() {
        var probe = probe(isRetransmission: true)
        expectEqual(
            probe.hasRepairedLoss(una: SequenceNumber(9_001), duplicateEnd: nil, isPlainDuplicate: true), false
        )
        #expect(probe.end == nil)
    }

    @Test(
        "an acknowledgment beyond the probe, without such a report, shows that it repaired a loss",
        .requirement("RFC8985 §7.4.2"))
    func repaired() {
        var probe = probe(isRetransmission: true)
        expectEqual(
            probe.hasRepairedLoss(una: SequenceNumber(9_001), duplicateEnd: nil, isPlainDuplicate: false),
            false)
        expectEqual(
            probe.hasRepairedLoss(una: SequenceNumber(9_002), duplicateEnd: nil, isPlainDuplicate: false), true
        )
        #expect(probe.end == nil)
        expectEqual(
            probe.hasRepairedLoss(una: SequenceNumber(9_003), duplicateEnd: nil, isPlainDuplicate: false),
            false)
    }

    @Test("a recovery takes over from the probe", .requirement("RFC8985 §7.4.1"))
    func cancelled() {
        var probe = probe(isRetransmission: true)
        probe.cancel()
        expectEqual(
            probe.hasRepairedLoss(una: SequenceNumber(9_002), duplicateEnd: nil, isPlainDuplicate: false),
            false)
    }
}

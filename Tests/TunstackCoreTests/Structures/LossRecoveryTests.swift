import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Loss recovery (RFC 6582)")
struct LossRecoveryTests {
    private static let mss = 1_000

    /// A sender whose first byte has the number `start`, with so many bytes outstanding.
    private struct Sender {
        var recovery: LossRecovery
        var una: SequenceNumber
        var nxt: SequenceNumber

        init(start: UInt32 = 1, outstanding: Int) {
            recovery = LossRecovery(iss: SequenceNumber(start) - 1)
            una = SequenceNumber(start)
            nxt = una + outstanding
        }

        mutating func acknowledge(_ count: Int) -> LossRecovery.Progress {
            una += count
            return recovery.onAcknowledged(una: una, maximumSegmentSize: mss)
        }

        mutating func duplicates(_ count: Int) -> [LossRecovery.Duplicate] {
            (0..<count).map { _ in recovery.onDuplicate(una: una, nxt: nxt, maximumSegmentSize: mss) }
        }

        /// What is to be sent again, as offsets from SND.UNA.
        var resend: Range<Int>? {
            recovery.hasResend ? recovery.resendNext - una..<recovery.resendEnd - una : nil
        }
    }

    @Test(
        "the third duplicate, and no other, asks for the first segment", .requirement("RFC5681 §3.2"),
        arguments: CriticalNumbers.all)
    func thirdDuplicate(start: UInt32) {
        var sender = Sender(start: start, outstanding: 5 * Self.mss)
        let answers = sender.duplicates(5)
        #expect(answers == [.counted, .counted, .fastRetransmit, .inRecovery, .inRecovery])
        #expect(sender.resend == 0..<Self.mss)
        sender.recovery.onResent(Self.mss)
        #expect(sender.resend == nil)
        #expect(sender.recovery.flightSize(una: sender.una, nxt: sender.nxt) == 5 * Self.mss)
    }

    @Test(
        "the first two duplicates allow a segment each beyond the window, and no more follow",
        .requirement("RFC3042 §2"))
    func limitedTransmit() {
        var sender = Sender(outstanding: 5 * Self.mss)
        var allowed = [sender.recovery.limitedTransmit(Self.mss)]
        for _ in 0..<4 {
            _ = sender.duplicates(1)
            allowed.append(sender.recovery.limitedTransmit(Self.mss))
        }
        #expect(allowed == [0, Self.mss, 2 * Self.mss, 0, 0])
    }

    @Test("an acknowledgment of something new starts the count anew", .requirement("RFC5681 §3.2"))
    func interruptedDuplicates() {
        var sender = Sender(outstanding: 5 * Self.mss)
        _ = sender.duplicates(2)
        _ = sender.acknowledge(Self.mss)
        let answers = sender.duplicates(2)
        #expect(answers == [.counted, .counted])
        #expect(sender.resend == nil)
    }

    @Test(
        "each partial acknowledgment asks for the next segment, until all that was outstanding is acknowledged",
        .requirement("RFC6582 §3.2"), arguments: CriticalNumbers.all)
    func partialAcknowledgments(start: UInt32) {
        var sender = Sender(start: start, outstanding: 5 * Self.mss)
        _ = sender.duplicates(3)
        sender.recovery.onResent(Self.mss)
        // New data leaves during recovery; it does not count towards its end.
        sender.nxt += 3 * Self.mss
        for expected in [LossRecovery.Progress.partial, .partial] {
            let progress = sender.acknowledge(2 * Self.mss)
            #expect(progress == expected)
            #expect(sender.resend == 0..<Self.mss)
            sender.recovery.onResent(Self.mss)
        }
        let last = sender.acknowledge(Self.mss)
        #expect(last == .complete)
        #expect(sender.recovery.phase == .open)
        #expect(sender.resend == nil)
    }

    @Test("a last piece shorter than a segment is asked for as it is")
    func shortLastSegment() {
        var sender = Sender(outstanding: 1_300)
        _ = sender.duplicates(3)
        sender.recovery.onResent(Self.mss)
        _ = sender.acknowledge(Self.mss)
        #expect(sender.resend == 0..<300)
    }

    @Test("duplicates of a recovery that is over do not begin another", .requirement("RFC6582 §3.2"))
    func noSecondRecovery() {
        var sender = Sender(outstanding: 3 * Self.mss)
        sender.recovery.onTimeout(una: sender.una, nxt: sender.nxt)
        _ = sender.acknowledge(3 * Self.mss)
        #expect(sender.recovery.phase == .open)
        sender.nxt += 5 * Self.mss
        let late = sender.duplicates(4)
        #expect(late == [.counted, .counted, .counted, .counted])
        _ = sender.acknowledge(Self.mss)
        let fresh = sender.duplicates(3)
        #expect(fresh == [.counted, .counted, .fastRetransmit])
    }

    @Test(
        "after a time-out everything outstanding is sent again, from the first unacknowledged",
        .requirement("RFC5681 §3.1"),
        arguments: CriticalNumbers.all)
    func timeout(start: UInt32) {
        var sender = Sender(start: start, outstanding: 4 * Self.mss)
        sender.recovery.onTimeout(una: sender.una, nxt: sender.nxt)
        #expect(sender.resend == 0..<4 * Self.mss)
        #expect(sender.recovery.flightSize(una: sender.una, nxt: sender.nxt) == 0)
        sender.recovery.onResent(Self.mss)
        #expect(sender.resend == Self.mss..<4 * Self.mss)
        #expect(sender.recovery.flightSize(una: sender.una, nxt: sender.nxt) == Self.mss)
        // The peer had the second segment already.
        let progress = sender.acknowledge(2 * Self.mss)
        #expect(progress == .ordinary)
        #expect(sender.resend == 0..<2 * Self.mss)
        _ = sender.acknowledge(2 * Self.mss)
        #expect(sender.recovery.phase == .open)
        #expect(sender.resend == nil)
    }

    @Test("duplicates while repairing after a time-out are only counted", .requirement("RFC6582 §3.2"))
    func duplicatesAfterTimeout() {
        var sender = Sender(outstanding: 4 * Self.mss)
        sender.recovery.onTimeout(una: sender.una, nxt: sender.nxt)
        let answers = sender.duplicates(5)
        #expect(answers == Array(repeating: .counted, count: 5))
    }

    @Test(
        "a stream of many gigabytes without a loss never asks for anything again, and a late loss is still repaired",
        arguments: CriticalNumbers.all)
    func longStreams(start: UInt32) {
        var sender = Sender(start: start, outstanding: 0)
        let step = 1 << 20
        for megabyte in 0..<9 * 1_024 {
            sender.nxt += step
            let progress = sender.acknowledge(step)
            guard progress == .ordinary, !sender.recovery.hasResend else {
                Issue.record("after \(megabyte) MiB: \(progress), to send again: \(String(describing: sender.resend))")
                return
            }
            guard megabyte % 512 == 511 else { continue }
            var losing = sender
            losing.nxt += 4 * Self.mss
            let answers = losing.duplicates(3)
            expectEqual(answers.last, .fastRetransmit, "after \(megabyte) MiB")
            expectEqual(losing.resend, 0..<Self.mss, "after \(megabyte) MiB")
        }
    }
}

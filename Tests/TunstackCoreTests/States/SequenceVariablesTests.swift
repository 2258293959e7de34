import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Sequence variables (RFC 9293 §3.3.1, §3.4)")
struct SequenceVariablesTests {
    @Test("the usable window is negative when the peer draws its edge back", .requirement("RFC9293 MUST-34"))
    func usableWindow() {
        var snd = SendVariables(iss: SequenceNumber(.max))
        snd.una = SequenceNumber(0)
        snd.nxt = SequenceNumber(100)
        snd.wnd = 150
        #expect(snd.usableWindow == 50)
        snd.wnd = 20
        #expect(snd.usableWindow == -80)
    }

    /// Table 6 of RFC 9293 §3.10.7.4, with a window of 100 at the end of the sequence space.
    @Test(
        "a segment is acceptable if its first or last number lies in the window", .requirement("mission B8"),
        arguments: [
            // No text: the number itself.
            (0, 0, true), (99, 0, true), (100, 0, false), (-1, 0, false),
            // Text: either end.
            (0, 1, true), (-1, 1, false), (-1, 2, true), (99, 50, true), (100, 1, false), (-50, 50, false),
            (-50, 51, true), (1 << 31, 1, false),
        ])
    func acceptability(offset: Int, length: Int, expected: Bool) {
        var rcv = ReceiveVariables(irs: SequenceNumber(.max - 50))
        rcv.announced = rcv.nxt + 100
        #expect(rcv.accepts(rcv.nxt + offset, length: length) == expected)
    }

    @Test("with a closed window only an empty segment with the next number is acceptable")
    func closedWindow() {
        let rcv = ReceiveVariables(irs: SequenceNumber(1000))
        #expect(rcv.accepts(SequenceNumber(1001), length: 0))
        #expect(!rcv.accepts(SequenceNumber(1001), length: 1))
        #expect(!rcv.accepts(SequenceNumber(1000), length: 0))
        #expect(!rcv.accepts(SequenceNumber(1002), length: 0))
    }

    @Test("old numbers are told from new ones however much has been received", .requirement("RFC2883 §4"))
    func oldest() {
        var rcv = ReceiveVariables(irs: SequenceNumber(1000))
        rcv.advance(by: 500)
        #expect(rcv.oldest == SequenceNumber(1001))
        for _ in 0..<5 * 64 {
            rcv.advance(by: 1 << 24)
            #expect(rcv.oldest.isBefore(rcv.nxt))
        }
        #expect(rcv.nxt - rcv.oldest == 1 << 30)
    }
}

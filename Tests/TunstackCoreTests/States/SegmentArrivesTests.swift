import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("SEGMENT ARRIVES in every state (RFC 9293 §3.10.7, RFC 5961)")
struct SegmentArrivesTests {
    @Test(
        "each kind of segment has the effect, the answer and the drop reason of its state",
        .requirement("mission B8"), .requirement("RFC5961 §3.2"), .requirement("RFC5961 §4.2"),
        .requirement("RFC5961 §5.2"), arguments: Route.allCases, Arrival.allCases)
    func arrival(_ route: Route, _ arrival: Arrival) {
        let script = SegmentScript.reached(by: route)
        let outcome = ArrivalTable.outcome(of: arrival, by: route)
        let nxt = script.stackNext
        let rcv = script.peerNext
        let segment = arrival.numbers(una: nxt - route.outstanding, nxt: nxt, rcv: rcv)

        script.peer(segment.flags, seq: segment.seq, ack: segment.ack, length: segment.textLength)

        script.expectState(outcome.state)
        script.expectDrop(outcome.drop)
        switch outcome.answer {
        case .silence: break
        case .ack(let advance): script.expect(.ack, seq: nxt, ack: rcv + advance)
        case .synAck:
            // A new incarnation begins after the last number of the old one.
            let iss = route.state == .timeWait ? nxt + 1 : SegmentScript.iss
            script.expect([.syn, .ack], seq: iss, ack: segment.seq + 1)
        case .reset: script.expect(.rst, seq: segment.ack, ack: 0, win: 0)
        case .resetWithAck: script.expect([.rst, .ack], seq: 0, ack: segment.end, win: 0)
        }
        script.expectNothing()
    }
}

extension Route {
    /// Numbers of ours that are not acknowledged there.
    var outstanding: UInt32 {
        switch state {
        case .synSent, .synReceived, .finWait1, .closing, .lastAck: 1
        case .closed, .listen, .established, .finWait2, .closeWait, .timeWait: 0
        }
    }
}

import TunstackCore
import TunstackWire

/// A host acknowledges only what has reached it, and never less than before (RFC 9293 §3.4; RFC 2018 §3, §4; RFC 2883).
struct AcknowledgmentOracle: Oracle {
    let name = "acknowledgments"

    mutating func sent(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {
        guard let end, segment.flags.contains(.ack), !segment.flags.contains(.rst) else { return }
        let (ack, time) = (segment.segment.ack, segment.time)
        guard let received = end.received else {
            verdicts.find(self, segment.host, at: time, "acknowledges \(ack), but no SYN has reached it")
            return
        }
        if ack.isAfter(received.next) {
            verdicts.find(
                self, segment.host, at: time, "acknowledges \(ack), but \(received.next) has not reached it yet")
        }
        if let acknowledged = end.acknowledged, ack.isBefore(acknowledged) {
            verdicts.find(self, segment.host, at: time, "acknowledges \(ack) after \(acknowledged)")
        }
        let blocks = segment.segment.header.options.sackBlocks
        for index in 0..<blocks.count where !received.contains(blocks[index].start, blocks[index].end) {
            verdicts.find(
                self, segment.host, at: time,
                "a SACK block says \(blocks[index].start) to \(blocks[index].end), which has not reached it")
        }
    }

    mutating func judge(_ socket: ObservedSocket, _ verdicts: inout Verdicts) {
        guard socket.status.state.isSynchronized, let received = socket.end?.received else { return }
        if socket.status.receiveNext.isAfter(received.next) {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "RCV.NXT is \(socket.status.receiveNext), but \(received.next) has not reached it yet")
        }
    }
}

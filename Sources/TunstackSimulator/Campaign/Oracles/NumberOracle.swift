import TunstackCore
import TunstackWire

/// What a host sends follows from what it sent before: no gap, nothing after the FIN, one number for the FIN
/// (RFC 9293 §3.4).
struct NumberOracle: Oracle {
    let name = "numbers"

    mutating func sent(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {
        guard let end, !segment.flags.contains(.rst), !segment.flags.contains(.syn) else { return }
        let (seq, time) = (segment.segment.seq, segment.time)
        if seq.isAfter(end.sentEnd) {
            verdicts.find(self, segment.host, at: time, "sends \(seq), leaving out \(end.sentEnd) and what follows")
        }
        if seq.isBefore(end.iss) {
            verdicts.find(self, segment.host, at: time, "sends \(seq), before its first number \(end.iss)")
        }
        if let fin = end.fin, segment.segment.textLength > 0, segment.textEnd.isAfter(fin) {
            verdicts.find(self, segment.host, at: time, "sends text up to \(segment.textEnd) after its FIN at \(fin)")
        }
        guard segment.flags.contains(.fin) else { return }
        let expected = end.fin ?? SequenceNumber.max(end.sentEnd, segment.textEnd)
        if segment.textEnd != expected {
            verdicts.find(self, segment.host, at: time, "sends its FIN at \(segment.textEnd), not at \(expected)")
        }
    }

    mutating func judge(_ socket: ObservedSocket, _ verdicts: inout Verdicts) {
        let status = socket.status
        guard status.state.isSynchronized else { return }
        if status.sendUnacknowledged.isAfter(status.sendNext) {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "SND.UNA is \(status.sendUnacknowledged), beyond SND.NXT, which is \(status.sendNext)")
        }
        guard let end = socket.end else { return }
        if status.sendNext.isAfter(end.sentEnd) {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "SND.NXT is \(status.sendNext), but the wire has seen no number from \(end.sentEnd) on")
        }
    }
}

import TunstackCore
import TunstackWire

/// What a host sends is what its application gave, every time it sends it; what an application receives is what the
/// peer's sent.
struct TextOracle: Oracle {
    let name = "text"

    mutating func sent(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {
        let length = segment.segment.textLength
        guard let end, length > 0, !segment.flags.contains(.rst) else { return }
        let place = segment.textStart - (end.iss + 1)
        let isRight =
            place >= 0
            && segment.packet.withRawSpan { PatternStream.matches($0.extracting(last: length), from: place) }
        guard !isRight else { return }
        verdicts.find(
            self, segment.host, at: segment.time,
            "the \(length) bytes from \(segment.textStart) on are not those that were given to send")
    }

    mutating func judge(_ socket: ObservedSocket, _ verdicts: inout Verdicts) {
        guard !socket.socket.isIntact else { return }
        verdicts.find(
            self, socket.socket.host.id, at: socket.time,
            "among the first \(socket.socket.bytesReceived) bytes there are wrong ones")
    }

    mutating func finish(_ run: FinishedRun, _ verdicts: inout Verdicts) {
        for socket in run.sockets where !socket.core.isIntact {
            verdicts.find(self, socket.core.host.id, at: run.time, "wrong bytes were received")
        }
        for (one, other) in run.pairs where one.reason == .closed && other.reason == .closed {
            for (sender, receiver) in [(one.core, other.core), (other.core, one.core)]
            where receiver.bytesReceived != sender.bytesSent {
                verdicts.find(
                    self, receiver.host.id, at: run.time,
                    """
                    the end of file came after \(receiver.bytesReceived) bytes, but \(sender.bytesSent) were sent; \
                    both ends say that they closed normally
                    """)
            }
        }
    }
}

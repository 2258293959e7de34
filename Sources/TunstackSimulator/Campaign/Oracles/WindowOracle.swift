import TunstackCore
import TunstackWire

/// Nobody sends beyond the edge that its peer has allowed, nobody draws that edge back, and an empty buffer is offered
/// (RFC 9293 §3.8.6).
struct WindowOracle: Oracle {
    let name = "windows"

    mutating func sent(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {
        guard let end, !segment.flags.contains(.rst) else { return }
        judgeText(of: segment, end, &verdicts)
        // A SYN that is sent again cannot say more than 65,535 (RFC 7323 §2.2), whatever was said in between.
        guard segment.flags.contains(.ack), !segment.flags.contains(.syn), let announced = end.announcedEdge
        else { return }
        // Windows are announced in units of the scale; one unit less is a matter of rounding (RFC 7323 §2.4).
        let edge = end.edge(announcedBy: segment) + (1 << end.ownShift) - 1
        if edge.isBefore(announced) {
            verdicts.find(
                self, segment.host, at: segment.time,
                "draws the edge of its window back by \(announced - edge) to \(end.edge(announcedBy: segment))")
        }
    }

    private func judgeText(of segment: ObservedSegment, _ end: WireEnd, _ verdicts: inout Verdicts) {
        if segment.flags.contains(.syn), segment.segment.textLength > 0, end.allowedEdge == nil {
            verdicts.find(self, segment.host, at: segment.time, "sends text on a SYN before it knows any window")
        }
        let length = segment.end - segment.textStart
        guard length > 0, let edge = end.allowedEdge else { return }
        // A probe of a closed window is one number (RFC 9293 §3.8.6.1).
        let isProbe = length == 1 && segment.textStart.isAtOrBefore(edge)
        if segment.end.isAfter(edge), !isProbe {
            verdicts.find(
                self, segment.host, at: segment.time,
                "sends up to \(segment.end), but its peer allows no more than up to \(edge)")
        }
    }

    mutating func judge(_ socket: ObservedSocket, _ verdicts: inout Verdicts) {
        let status = socket.status
        guard status.state.receivesData, status.readableBytes == 0, !socket.socket.isReleased,
            let end = socket.end, let received = end.received, received.beyond.isEmpty,
            received.next == status.receiveNext, let edge = end.announcedEdge
        else { return }
        let offered = edge - status.receiveNext
        let least = min(socket.plan.options.receiveBufferBytes / 2, status.maximumSegmentSize / 2, 256)
        if offered < least {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "its receive buffer is empty, but its peer knows of a window of \(offered)")
        }
    }
}

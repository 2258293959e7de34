import TunstackWire

/// A packet that answers another one without a TCB behind it.
enum Reply {
    /// A reset, a SYN-ACK of a half-open entry, an ACK from TIME-WAIT.
    case segment(ReplySegment)
    /// A whole IP packet: ICMP.
    case packet([UInt8])
}

/// The header of a segment without text, to be written when the device has room.
struct ReplySegment {
    var key: ConnectionKey
    var seq: SequenceNumber
    var ack = SequenceNumber(0)
    var flags: TCPFlags
    var window: UInt16 = 0
    var options = TCPOptions()
    var timeToLive: UInt8 = 64
    var differentiatedServices: UInt8 = 0
    /// Set when it is queued: by then the connection may be no more.
    var route: SourceRoute?
}

/// Replies that wait for the device, bounded in number and bytes.
struct ReplyQueue {
    private var queue = Fifo<Reply>()
    private var packetBytes = 0

    var isEmpty: Bool { queue.isEmpty }

    mutating func append(_ reply: Reply, limits: Limits) -> Bool {
        guard queue.count < limits.queuedReplies else { return false }
        if case .packet(let bytes) = reply {
            guard packetBytes + bytes.count <= limits.queuedEchoBytes else { return false }
            packetBytes += bytes.count
        }
        queue.append(reply)
        return true
    }

    mutating func popFirst() -> Reply? {
        let reply = queue.popFirst()
        if case .packet(let bytes) = reply { packetBytes -= bytes.count }
        return reply
    }
}

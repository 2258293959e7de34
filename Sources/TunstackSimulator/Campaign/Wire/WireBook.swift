import TunstackCore
import TunstackWire

/// The ends of all connections, as the wire shows them.
struct WireBook {
    private struct Key: Hashable {
        let host: NodeID
        let connection: ConnectionKey
    }

    private var ends: [Key: WireEnd] = [:]
    /// The ends in whose place new incarnations began that have not come about yet.
    private var replaced: [Key: WireEnd] = [:]
    private var syns: [Key: [SynArrival]] = [:]
    /// Of old duplicates and retries, no more than these can still matter.
    private static let synsKept = 4

    /// The end that a host has of a connection in this state.
    func end(at host: NodeID, _ connection: ConnectionKey, in state: State) -> WireEnd? {
        let key = Key(host: host, connection: connection)
        // In TIME-WAIT again, after a new incarnation has failed, and not a segment has shown it.
        if state == .timeWait, ends[key]?.hasSentOnlyItsSYN == true, let old = replaced[key] { return old }
        return ends[key]
    }

    /// The end that sends a segment; a SYN with a number of its own begins a new one.
    ///
    /// A new incarnation that fails gives its sockets back to the end in TIME-WAIT that it took them from (RFC 9293
    /// MAY-2). The wire does not show when; the next acknowledgment of that end does.
    mutating func sender(of segment: ObservedSegment) -> WireEnd? {
        let key = Key(host: segment.host, connection: segment.sendersKey)
        let end = ends[key]
        if segment.flags.contains(.syn), end?.iss != segment.segment.seq {
            // One that has failed leaves the place to the end before it.
            if end?.hasSentOnlyItsSYN != true { replaced[key] = end }
            ends[key] = WireEnd(syn: segment, arrivals: syns[key] ?? [])
        } else if let end, end.hasSentOnlyItsSYN, segment.segment.seq != end.sentEnd,
            let old = replaced[key], old.isContinued(by: segment)
        {
            replaced[key] = nil
            ends[key] = old
        }
        return ends[key]
    }

    mutating func noteSent(_ segment: ObservedSegment) {
        ends[Key(host: segment.host, connection: segment.sendersKey)]?.noteSent(segment)
    }

    /// - Returns: the end that has received it.
    mutating func noteReceived(_ segment: ObservedSegment) -> WireEnd? {
        let key = Key(host: segment.host, connection: segment.receiversKey)
        if segment.flags.contains(.syn) {
            syns[key, default: []].append(SynArrival(segment))
            if syns[key, default: []].count > Self.synsKept { syns[key]?.removeFirst() }
        }
        ends[key]?.noteReceived(segment)
        return ends[key]
    }

    /// The host has forgotten everything.
    mutating func forget(_ host: NodeID) {
        ends = ends.filter { $0.key.host != host }
        replaced = replaced.filter { $0.key.host != host }
        syns = syns.filter { $0.key.host != host }
    }
}

extension ObservedSegment {
    /// The connection as its sender names it.
    var sendersKey: ConnectionKey { ConnectionKey(local: segment.source, remote: segment.destination) }
    /// The connection as its receiver names it.
    var receiversKey: ConnectionKey { ConnectionKey(local: segment.destination, remote: segment.source) }
}

import TunstackCore
import TunstackWire

/// Judges one aspect of what stacks do, at every step of a run. It sees what crosses the wire and what `status` tells,
/// never the inside of a stack.
protocol Oracle {
    /// What reports call it.
    var name: String { get }
    /// A host puts a packet on its link, whatever is in it.
    mutating func leaves(_ packet: [UInt8], _ host: HostCore, _ verdicts: inout Verdicts)
    /// A host puts a segment on its link. The books of the connection's end do not have it yet; nil if no SYN of that
    /// end was seen.
    mutating func sent(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts)
    /// A host's stack has taken in a segment, whose bytes were whole. The end's books have it.
    mutating func received(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts)
    /// A host has come to rest after something happened at it; this is one of its connections.
    mutating func judge(_ socket: ObservedSocket, _ verdicts: inout Verdicts)
    /// The run is over.
    mutating func finish(_ run: FinishedRun, _ verdicts: inout Verdicts)
}

extension Oracle {
    mutating func leaves(_ packet: [UInt8], _ host: HostCore, _ verdicts: inout Verdicts) {}
    mutating func sent(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {}
    mutating func received(_ segment: ObservedSegment, by end: WireEnd?, _ verdicts: inout Verdicts) {}
    mutating func judge(_ socket: ObservedSocket, _ verdicts: inout Verdicts) {}
    mutating func finish(_ run: FinishedRun, _ verdicts: inout Verdicts) {}
}

/// A segment at the moment in which a host sends it or has taken it in.
struct ObservedSegment {
    let time: Instant
    let host: NodeID
    let packet: [UInt8]
    let segment: TracedSegment

    var flags: TCPFlags { segment.flags }
    /// One past its last number.
    var end: SequenceNumber { segment.seq + segment.length }
    /// The number of its FIN, or what would be it.
    var textEnd: SequenceNumber { segment.seq + segment.textLength + (flags.contains(.syn) ? 1 : 0) }
    /// The numbers of the text begin here.
    var textStart: SequenceNumber { segment.seq + (flags.contains(.syn) ? 1 : 0) }
}

/// A connection of a host that has just come to rest.
struct ObservedSocket {
    let time: Instant
    /// What the host was told to be like.
    let plan: HostPlan
    let socket: SocketCore
    let status: ConnectionStatus
    /// What the wire has shown of it; nil before its first segment.
    let end: WireEnd?
    let book: SocketBook
}

/// What has been found wrong.
struct Verdicts {
    private(set) var violations: [Violation] = []
    /// More are a consequence of the first ones.
    private static let limit = 8

    /// Finds something wrong.
    ///
    /// - Parameter what: what it is, as a sentence.
    mutating func find(_ oracle: some Oracle, _ host: NodeID?, at time: Instant, _ what: @autoclosure () -> String) {
        guard violations.count < Self.limit else { return }
        violations.append(Violation(oracle: oracle.name, node: host, time: time, what: what()))
    }
}

/// Something that a stack did and must not do.
public struct Violation: Sendable, Equatable {
    /// The oracle that found it.
    public let oracle: String
    /// Where; nil if it is the whole network's.
    public let node: NodeID?
    /// When, on the network's clock.
    public let time: Instant
    /// What, as a sentence.
    public let what: String
}

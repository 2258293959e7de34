import TunstackCore
import TunstackWire

/// Joins packets and state changes for an observer.
struct Observation {
    private let observer: any PacketObserver
    /// State changes that no packet has shown yet.
    private var pending: [TransitionRecord] = []

    init(_ observer: any PacketObserver) {
        self.observer = observer
    }

    /// Keeps the state changes since the last call; those are not the next inbound packet's doing.
    mutating func collect(from core: inout Stack) {
        while let transition = core.nextTransition() {
            pending.append(transition)
        }
    }

    /// The core has handled a packet: what changed was changed by it.
    mutating func received(_ packet: RawSpan, dropped reason: DropReason?, by core: inout Stack, at now: Instant) {
        var caused: [TransitionRecord] = []
        while let transition = core.nextTransition() {
            caused.append(transition)
        }
        observer.observe(
            packet,
            PacketPassage(
                direction: .inbound, instant: now, dropReason: reason, wasLost: false, transitions: caused))
    }

    /// The device was given a packet. It shows what happened to its connection since the last one.
    mutating func sent(_ packet: RawSpan, wasLost: Bool, from core: inout Stack, at now: Instant) {
        collect(from: &core)
        var shown: [TransitionRecord] = []
        if !pending.isEmpty, let key = ConnectionKey(ofOutbound: packet) {
            shown = pending.filter { $0.key == key }
            pending.removeAll { $0.key == key }
        }
        observer.observe(
            packet,
            PacketPassage(
                direction: .outbound, instant: now, dropReason: nil, wasLost: wasLost, transitions: shown))
    }

    /// Nothing is left to send: what no packet has shown is told by itself.
    mutating func endTurn(of core: inout Stack) {
        collect(from: &core)
        for transition in pending {
            observer.observe(transition)
        }
        pending.removeAll(keepingCapacity: true)
        observer.turnEnded()
    }

    /// The stack is closed.
    func close() {
        observer.stackClosed()
    }
}

extension ConnectionKey {
    /// The connection that a packet of ours belongs to; nil if it is not a TCP segment.
    fileprivate init?(ofOutbound packet: RawSpan) {
        do throws(WireError) {
            let header = try IPv4Header(parsing: packet)
            guard header.protocolNumber == .tcp else { return nil }
            let segment = try TCPHeader(parsing: packet.extracting(header.headerLength..<header.totalLength))
            self.init(
                local: Endpoint(header.source, segment.sourcePort),
                remote: Endpoint(header.destination, segment.destinationPort))
        } catch {
            return nil
        }
    }
}

public import TunstackWire
import TunstackCore

extension PacketTrace {
    /// How a line names the ends of a packet.
    public enum Naming: Sendable {
        /// As tcpdump does: `IP 10.0.0.1.40000 > 10.0.0.2.9877:`.
        case sockets
        /// By the nodes' names: `A > B:`.
        case nodes
    }

    /// Where a trace is taken.
    public enum CapturePoint: Sendable {
        /// At each packet's sender, as it leaves.
        case sender
        /// At one node's interface, as it leaves there or arrives; packets lost on the way to it are not seen.
        case node(NodeID)
    }

    /// What was captured: a line in tcpdump's form for each packet, in order of time.
    ///
    /// - Parameters:
    ///   - numbering: absolute, or relative as tcpdump does without `-S`. With the naming `nodes`, always absolute.
    ///   - naming: how the ends are named.
    ///   - point: where the capture is taken; captured at the sender, lost packets are marked.
    public func lines(
        numbering: PacketDescriber.Numbering = .relative, naming: Naming = .sockets, capturedAt point: CapturePoint
    ) -> [String] {
        var describer = PacketDescriber(numbering: numbering)
        return captured(at: point).map { packet, time in
            let stamp = TimeOfDay(microseconds: timeOfDay.microseconds + time.nanoseconds / 1_000)
            var line = "\(stamp) " + describe(packet, naming, &describer)
            if case .lost(let reason) = packet.fate { line += "  [\(reason)]" }
            return line
        }
    }

    private func describe(
        _ packet: SimulatedPacket, _ naming: Naming, _ describer: inout PacketDescriber
    ) -> String {
        guard naming == .nodes, let segment = packet.segment, let receiver = packet.receiver else {
            return packet.bytes.withRawSpan { describer.describe($0) }
        }
        return "\(nodes[packet.sender.index].name) > \(nodes[receiver.index].name): "
            + PacketDescriber.describe(tcp: segment.header, payloadLength: segment.textLength)
    }

    /// The packets seen at a point, each with the time when it was seen, in that order.
    func captured(at point: CapturePoint) -> [(packet: SimulatedPacket, time: Instant)] {
        let seen = packets.compactMap { packet -> (packet: SimulatedPacket, time: Instant)? in
            switch point {
            case .sender:
                return packet.copyOf == nil ? (packet, packet.sentAt) : nil
            case .node(packet.sender):
                return packet.copyOf == nil ? (packet, packet.sentAt) : nil
            case .node:
                guard case .arrived(let time) = packet.fate else { return nil }
                return (packet, time)
            }
        }
        return seen.sorted { ($0.time, $0.packet.number) < ($1.time, $1.packet.number) }
    }
}

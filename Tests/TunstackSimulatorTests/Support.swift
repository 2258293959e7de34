import TunstackCore
import TunstackSimulator
import TunstackWire

/// A raw peer and a host, 10 ms apart.
struct RawNetwork {
    let network = SimulatedNetwork(seed: 1)
    let peer: RawPeer
    let host: SimulatedHost

    init(rules: [any LinkRule] = []) {
        peer = network.addRawPeer("peer", IPv4Address(10, 0, 0, 1))
        host = network.addHost("host", IPv4Address(10, 0, 0, 2))
        network.link(peer, host, latency: .milliseconds(10), rules: rules)
    }

    /// Sends a segment that nobody waits for, which the host answers with a reset.
    func send(_ flags: TCPFlags = .ack, seq: UInt32 = 1, textLength: Int = 0) {
        peer.send(
            flags, from: 1_000, to: host.endpoint(2_000), seq: SequenceNumber(seq), ack: SequenceNumber(seq),
            textLength: textLength)
    }

    /// When each packet of the peer reached the host, in milliseconds; nil for those that did not.
    var arrivals: [Int64?] {
        network.trace.packets.filter { $0.sender == peer.id }.map { packet in
            guard case .arrived(let time) = packet.fate else { return nil }
            return time.nanoseconds / 1_000_000
        }
    }
}

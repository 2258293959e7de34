import TunstackCore
public import TunstackWire

/// A peer without a stack: it sends the segments it is told to, whatever their sense, and answers nothing by itself.
public struct RawPeer: SimulatedNode {
    let core: RawPeerCore
    let network: SimulatedNetwork

    /// What names it in traces and rules.
    public var id: NodeID { core.id }
    /// What people call it.
    public var name: String { core.name }
    /// Its address.
    public var address: IPv4Address { core.address }
    /// The segments that have arrived, in order.
    public var received: [TracedSegment] { core.received }

    /// The last segment that has arrived at a port of this peer.
    public func lastReceived(at port: Port) -> TracedSegment? { received.last { $0.destination.port == port } }

    /// Sends a segment made by hand.
    ///
    /// - Parameters:
    ///   - port: the source port.
    ///   - remote: where to.
    ///   - textLength: how many bytes of text to send, all zero.
    ///   - urgentPointer: counts only with URG.
    public func send(
        _ flags: TCPFlags, from port: Port, to remote: Endpoint, seq: SequenceNumber,
        ack: SequenceNumber = SequenceNumber(0), window: UInt16 = 65_535, options: TCPOptions = TCPOptions(),
        textLength: Int = 0, urgentPointer: UInt16 = 0
    ) {
        let header = TCPHeader(
            sourcePort: port, destinationPort: remote.port, sequenceNumber: seq, acknowledgmentNumber: ack,
            flags: flags, window: window, urgentPointer: urgentPointer, options: options)
        let packet = [UInt8](
            segment: header, from: address, to: remote.address, text: [UInt8](repeating: 0, count: textLength))
        network.inject(packet, from: self)
    }
}

/// A peer without a stack, as its network holds it.
final class RawPeerCore: NodeCore {
    let id: NodeID
    let name: String
    let address: IPv4Address
    private(set) var received: [TracedSegment] = []
    /// The network owns its peers.
    private unowned let network: SimulatedNetwork

    init(id: NodeID, name: String, address: IPv4Address, network: SimulatedNetwork) {
        self.id = id
        self.name = name
        self.address = address
        self.network = network
    }

    var nextDeadline: Instant? { nil }

    func advance() {}

    func nextReceiveDelay() -> Interval { .zero }

    func receive(_ number: Int, _ bytes: [UInt8]) {
        if let segment = bytes.withRawSpan({ TracedSegment($0) }) { received.append(segment) }
        network.recorder.record(.received(number, nil), at: id, network.now)
    }
}

extension [UInt8] {
    /// An IPv4 packet with a segment in it, both checksums right; empty if the destination is not an IPv4 address.
    public init(segment header: TCPHeader, from source: IPv4Address, to destination: IPAddress, text: [UInt8] = []) {
        guard let destination = destination.v4 else {
            self = []
            return
        }
        var sum = InternetChecksum()
        text.withRawSpan { sum.add($0) }
        let checksum = header.checksum(
            source: source, destination: destination, payloadChecksum: sum, payloadLength: text.count)
        let ip = IPv4Header(
            source: source, destination: destination, protocolNumber: .tcp,
            payloadLength: header.headerLength + text.count)
        self.init(rawCapacity: ip.totalLength) { output in
            ip.append(to: &output)
            header.append(to: &output, checksum: checksum)
            text.withRawSpan { output.append(bytes: $0) }
        }
    }
}

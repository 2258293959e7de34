public import TunstackCore
import TunstackWire

/// Writes down what the sender of one connection does, in virtual time: at every packet that it sends or has handled,
/// or less often.
///
/// It looks on and changes nothing, so a run with a recorder is the same run. It keeps a bounded number of samples:
/// when there are too many, every second one goes, and from then on they are taken half as often.
public final class FlowRecorder {
    /// What was written down so far.
    public private(set) var record: FlowRecord

    private let socket: SimulatedSocket
    private let host: NodeID
    private var interval: Interval
    private var lastSample: Instant?
    private var pathDelay = Interval.zero
    /// The places of what was sent and acknowledged; sequence numbers alone would wrap.
    private var sent = StreamPlace(first: SequenceNumber(0))
    private var acknowledged = StreamPlace(first: SequenceNumber(0))

    private static let sampleLimit = 20_000
    private static let markLimit = 50_000

    /// Starts recording.
    ///
    /// - Parameters:
    ///   - socket: the sender's end of a connection, from before it sends its first byte.
    ///   - interval: the least time between two samples; zero for one at every packet.
    public init(_ socket: SimulatedSocket, every interval: Interval = .zero) {
        self.socket = socket
        self.interval = interval
        host = socket.core.host.id
        record = FlowRecord(start: socket.network.now)
        if let status = socket.status {
            // Until the peer has acknowledged the SYN, SND.UNA is the SYN's own number.
            let first = status.state.isSynchronized ? status.sendUnacknowledged : status.sendUnacknowledged + 1
            sent = StreamPlace(first: first)
            acknowledged = sent
        }
        socket.network.observePackets { [weak self] sighting in self?.note(sighting) }
    }

    private func note(_ sighting: PacketSighting) {
        let isOutbound = sighting.sender == host
        guard isOutbound || (sighting.receiver == host && sighting.kind == .handled),
            let segment = sighting.segment, isOfFlow(segment, isOutbound)
        else { return }
        if isOutbound {
            switch sighting.kind {
            case .sent: noteSent(segment, at: sighting.time)
            case .arrived: pathDelay = sighting.time - sighting.sentAt
            case .lost: mark(.loss, segment, at: sighting.time)
            case .handled: return
            }
        }
        sample(at: sighting.time)
    }

    private func isOfFlow(_ segment: TracedSegment, _ isOutbound: Bool) -> Bool {
        let (local, remote) = (socket.key.local, socket.key.remote)
        return isOutbound
            ? segment.source == local && segment.destination == remote
            : segment.source == remote && segment.destination == local
    }

    // MARK: Segments

    private func noteSent(_ segment: TracedSegment, at time: Instant) {
        guard segment.textLength > 0 else { return }
        record.segments += 1
        if sent.offset(of: segment.seq) < sent.offset { mark(.retransmission, segment, at: time) }
        sent.advance(to: segment.seq + segment.textLength)
    }

    private func mark(_ kind: FlowRecord.Mark.Kind, _ segment: TracedSegment, at time: Instant) {
        guard segment.textLength > 0 else { return }
        switch kind {
        case .retransmission: record.retransmissions += 1
        case .loss: record.losses += 1
        }
        guard record.marks.count < Self.markLimit else { return }
        record.marks.append(FlowRecord.Mark(kind: kind, time: time, offset: sent.offset(of: segment.seq)))
    }

    // MARK: Samples

    private func sample(at time: Instant) {
        if let lastSample, time < lastSample + interval { return }
        guard let status = socket.status, status.state.isSynchronized else { return }
        acknowledged.advance(to: status.sendUnacknowledged)
        lastSample = time
        record.samples.append(
            FlowRecord.Sample(
                time: time, acknowledged: min(acknowledged.offset, sent.offset), sent: sent.offset,
                bytesInFlight: max(0, status.sendNext - status.sendUnacknowledged),
                congestionWindow: status.congestionWindow,
                slowStartThreshold: status.slowStartThreshold == .max ? nil : status.slowStartThreshold,
                smoothedRoundTrip: status.smoothedRoundTrip, pathDelay: pathDelay))
        if record.samples.count >= Self.sampleLimit { thinOut() }
    }

    private func thinOut() {
        guard let first = record.samples.first, let last = record.samples.last else { return }
        interval = max(interval * 2, (last.time - first.time) / Int64(Self.sampleLimit) * 2)
        record.samples = stride(from: 0, to: record.samples.count, by: 2).map { record.samples[$0] }
    }
}

/// A place in a stream of any length, followed by 32-bit sequence numbers that are never 2^31 bytes apart.
private struct StreamPlace {
    private var number: SequenceNumber
    private(set) var offset = 0

    init(first number: SequenceNumber) {
        self.number = number
    }

    func offset(of other: SequenceNumber) -> Int { offset + (other - number) }

    mutating func advance(to other: SequenceNumber) {
        let distance = other - number
        guard distance > 0 else { return }
        number = other
        offset += distance
    }
}

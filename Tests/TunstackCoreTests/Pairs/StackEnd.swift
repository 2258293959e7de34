import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

/// One end of a wire: a stack, and an application that sends a stream, reads another, and closes when it has sent all.
final class StackEnd {
    /// How the application behaves.
    struct Habits: Sendable {
        /// The most bytes of one SEND and one RECEIVE.
        var piece = 65_536
        /// The most bytes of one RECEIVE, if that is something else.
        var readPiece: Int?
        /// Of a thousand times that it could read, how often it takes a nap instead.
        var naps = 0
        /// How long a nap lasts at most.
        var longestNap = Interval.milliseconds(300)
        /// Of a thousand pieces that it has sent, after how many it pauses.
        var pauses = 0
        /// How long a pause lasts at most.
        var longestPause = Interval.seconds(3)
    }

    var stack: Stack
    let address: IPv4Address
    private let habits: Habits
    private let outgoing: [UInt8]
    private var random: SplitMix64
    var listener: ListenerID?
    var connection: ConnectionID?
    private(set) var sentCount = 0
    private(set) var received: [UInt8] = []
    private(set) var hasClosed = false
    private(set) var hasSeenEnd = false
    /// When the application looks again by itself.
    private(set) var wakesAt: Instant?
    /// When it sends the next piece, if it pauses.
    private var writesAt = Instant.origin
    /// What is left of a super-segment that is being cut up.
    private var pieces: [[UInt8]] = []
    private(set) var superSegmentCount = 0
    /// All that went wrong, in words.
    private(set) var complaints: [String] = []

    init(
        address: IPv4Address, configure: (inout StackConfiguration) -> Void, habits: Habits, sending outgoing: [UInt8],
        random: SplitMix64
    ) {
        self.address = address
        self.habits = habits
        self.outgoing = outgoing
        self.random = random
        var configuration = StackConfiguration(address: IPv4Network(address, prefixLength: 24))
        configuration.limits.readyConnections = 0
        configure(&configuration)
        stack = Stack(configuration: configuration, random: &self.random, at: .origin)
    }

    var status: ConnectionStatus? { connection.flatMap { stack.status($0) } }

    /// The connection has ended for the application.
    var isOver: Bool { status?.closeReason != nil }

    /// The next packet that goes on the wire; what the layer below cuts up comes segment by segment.
    func nextPacket(at now: Instant) -> [UInt8]? {
        guard stack.configuration.transmitOffload == TransmitOffload() else { return nextCutPacket(at: now) }
        var isSent = false
        let bytes = [UInt8](rawCapacity: stack.configuration.mtu) { isSent = stack.nextTransmit(into: &$0, at: now) }
        return isSent ? bytes : nil
    }

    private func nextCutPacket(at now: Instant) -> [UInt8]? {
        if pieces.isEmpty, let packet = stack.nextPieces(at: now) {
            pieces = packet.onTheWire
            if pieces.count > 1 { superSegmentCount += 1 }
        }
        return pieces.isEmpty ? nil : pieces.removeFirst()
    }

    /// Lets the application do what it can.
    func run(at now: Instant) {
        while let event = stack.nextEvent() {
            if case .acceptable(let id) = event, connection == nil { connection = stack.accept(id) }
        }
        wakesAt = nil
        guard let connection, !isOver || !hasSeenEnd else { return }
        do throws(ConnectionError) {
            try write(on: connection, at: now)
            try read(on: connection, at: now)
        } catch {
            complaints.append("\(address): \(error)")
            hasSeenEnd = true
        }
        checkVariables()
    }

    private func write(on connection: ConnectionID, at now: Instant) throws(ConnectionError) {
        guard !hasClosed, status?.state != .synSent else { return }
        while sentCount < outgoing.count {
            guard now >= writesAt else {
                wakesAt = writesAt
                return
            }
            let piece = Array(outgoing[sentCount..<min(outgoing.count, sentCount + habits.piece)])
            let accepted = try piece.withRawSpan { span throws(ConnectionError) in
                try stack.send(span, on: connection, at: now)
            }
            sentCount += accepted
            guard accepted == piece.count else { return }
            if habits.pauses > 0, Int.random(in: 0..<1_000, using: &random) < habits.pauses {
                let longest = habits.longestPause.nanoseconds / 1_000_000
                writesAt = now + .milliseconds(Int64.random(in: 1...longest, using: &random))
            }
        }
        try stack.close(connection, at: now)
        hasClosed = true
    }

    private func read(on connection: ConnectionID, at now: Instant) throws(ConnectionError) {
        while !hasSeenEnd {
            if Int.random(in: 0..<1_000, using: &random) < habits.naps {
                let longest = habits.longestNap.nanoseconds / 1_000_000
                let nap = now + .milliseconds(Int64.random(in: 1...longest, using: &random))
                wakesAt = wakesAt.map { min($0, nap) } ?? nap
                return
            }
            var outcome = Result<ReceiveResult, ConnectionError>.success(.wouldBlock)
            let bytes = [UInt8](rawCapacity: habits.readPiece ?? habits.piece) { output in
                do throws(ConnectionError) {
                    outcome = .success(try stack.receive(into: &output, on: connection, at: now))
                } catch {
                    outcome = .failure(error)
                }
            }
            received += bytes
            switch try outcome.get() {
            case .bytes: continue
            case .wouldBlock: return
            case .endOfStream: hasSeenEnd = true
            }
        }
    }

    /// What must hold at every moment.
    private func checkVariables() {
        guard let status else { return }
        if status.sendUnacknowledged.isAfter(status.sendNext) { complaints.append("\(address): SND.UNA > SND.NXT") }
        if status.congestionWindow < status.maximumSegmentSize {
            complaints.append(
                "\(address): cwnd \(status.congestionWindow) below a segment of \(status.maximumSegmentSize), "
                    + "\(status.congestion) in \(status.congestionPhase), \(status.recovery)")
        }
        if stack.bufferBytesInUse > stack.configuration.limits.bufferBytes { complaints.append("\(address): memory") }
    }

    /// Everything in the stack that can grow, empty when nothing is left.
    var leftovers: [String: Int] {
        var left = [
            "connections": stack.connections.count, "half-open entries": stack.halfOpens.count,
            "TIME-WAIT records": stack.timeWaits.count, "table": stack.table.count,
            "at work": stack.connectionsAtWork, "buffer bytes": stack.bufferBytesInUse,
            "bytes of SYNs": stack.heldSynBytes,
        ]
        left = left.filter { $0.value != 0 }
        if stack.nextDeadline != nil { left["deadlines"] = 1 }
        return left
    }
}

public import TunstackCore

/// What came of a run.
public struct RunReport: Sendable {
    /// What was played.
    public let plan: SimulationPlan
    /// What was found wrong; empty for a clean run.
    public private(set) var violations: [Violation]
    /// How long it lasted, in virtual time.
    public let virtualTime: Interval
    /// Packets that hosts put on their links.
    public let packets: Int
    /// Bytes of those packets.
    public let bytes: Int
    /// Things that happened.
    public let steps: Int
    /// Each flow of the plan.
    public let flows: [FlowReport]
    /// A number that depends on every byte of every packet and on when it was sent.
    public let digest: UInt64

    init(_ run: FinishedRun, _ referee: Referee) {
        plan = run.plan
        violations = referee.verdicts.violations
        virtualTime = run.time - .origin
        packets = run.packets
        bytes = referee.bytes
        steps = run.steps
        flows = run.plan.flows.indices.map { FlowReport($0, run) }
        digest = referee.digest.value
    }

    /// Notes as a violation that a second run of the same plan was not the same.
    mutating func compare(with second: RunReport) {
        guard second.digest != digest || second.steps != steps else { return }
        violations.append(
            Violation(
                oracle: "determinism", node: nil, time: .origin + virtualTime,
                what: "a second run of the same plan sent other packets, or at other times"))
    }
}

/// What came of a flow.
public struct FlowReport: Sendable {
    /// What was planned.
    public let plan: FlowPlan
    /// Bytes that applications received, at both ends together.
    public let bytesReceived: Int
    /// From the first OPEN to the last byte that was received.
    public let duration: Interval
    /// How its connections ended at the client, in order.
    public let reasons: [CloseReason?]

    init(_ flow: Int, _ run: FinishedRun) {
        let sockets = run.sockets.filter { $0.flow == flow }
        plan = run.plan.flows[flow]
        bytesReceived = sockets.reduce(0) { $0 + $1.core.bytesReceived }
        let opened = sockets.first?.openedAt ?? .origin
        duration = (sockets.compactMap(\.receivedAt).max() ?? opened) - opened
        reasons = sockets.filter(\.isClient).map(\.reason)
    }

    /// Bits a second that applications received; 0 if nothing took any time.
    public var goodput: Int64 {
        let microseconds = duration.nanoseconds / 1_000
        return microseconds > 0 ? Int64(bytesReceived) * 8_000_000 / microseconds : 0
    }
}

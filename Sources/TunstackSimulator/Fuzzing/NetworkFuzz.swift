import TunstackCore
import TunstackWire

/// Two stacks that a plan drives, and a network that does to each packet what the input says. When the input is used
/// up, the network is a good one, and everything must come to its end. The oracles of campaigns judge every step.
struct NetworkFuzz {
    let run: SimulationRun

    init(_ input: [UInt8]) {
        var input = FuzzInput(input)
        let plan = Self.plan(from: &input)
        run = SimulationRun(plan, passage: input.rest)
    }

    /// A plan of one flow that takes few packets, for a fuzzer wants many runs.
    private static func plan(from input: inout FuzzInput) -> SimulationPlan {
        var plan = SimulationPlan(empty: UInt64(input.byte()))
        var draw = PlanDraw(seed: UInt64(input.word()))
        plan.hosts = [draw.host(), draw.host()]
        for index in plan.hosts.indices {
            // Who has nothing to send notices only so that a peer is gone (RFC 9293 §3.8.4).
            plan.hosts[index].options.keepAlive = draw.keepAlive()
        }
        plan.paths = [PathPlan(0, 1, PathConditions(delay: .milliseconds(Int64(input.pick([1, 20, 0, 300])))))]
        var flow = draw.flow(from: 0, to: 1, upTo: 20_000)
        let segment = plan.hosts.map(\.usualSegment).min() ?? 536
        flow.connections = min(flow.connections, 2)
        flow.rounds = min(flow.rounds, 4)
        flow.bytes = min(flow.bytes, segment * 24)
        flow.answer = min(flow.answer, segment * 12)
        flow.portion = max(1, flow.bytes / 8)
        plan.flows = [flow]
        return plan
    }
}

/// A rule that reads what to do with each packet from bytes.
struct ReadPassage: LinkRule {
    private var input: FuzzInput

    init(_ bytes: [UInt8]) {
        input = FuzzInput(bytes)
    }

    /// What the next byte or two say; nothing when there are no more.
    mutating func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        guard !input.isEmpty else { return nil }
        let byte = input.byte()
        switch byte >> 4 {
        case 8, 9: return .drop("lost")
        case 10: return .hold(back: Self.delay(byte))
        case 11: return .duplicate(after: Self.delay(byte))
        case 12: return .corrupt(bit: input.word())
        case 13: return .hold(back: .zero, markingCongestion: true)
        case 14: return .deliver(after: Self.delay(byte))
        case 15: return .hold(back: Self.delay(byte) * 50)
        default: return nil
        }
    }

    /// From nothing to four seconds, by the lower four bits.
    private static func delay(_ byte: UInt8) -> Interval { .microseconds(1 << Int64(7 + byte & 15)) }
}

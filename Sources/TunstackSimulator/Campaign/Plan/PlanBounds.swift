import TunstackCore

/// How bad a plan's network is; what may be asked of stacks depends on it.
struct PlanSeverity {
    /// No path loses more than a packet in fifty, each by itself.
    let isMild: Bool
    /// When the last fault is over; the origin of time if there is none.
    let healedAt: Instant

    init(_ plan: SimulationPlan) {
        let largestMTU = plan.hosts.map(\.mtu).max() ?? 1_500
        isMild = plan.paths.allSatisfy { path in
            let conditions = path.conditions
            return conditions.loss + conditions.corruption <= 20_000 && conditions.burstLoss == nil
                && (conditions.mtu ?? .max) >= largestMTU && (conditions.rate == nil || conditions.queue >= 32)
        }
        let ends = plan.faults.map { Instant.origin + $0.start + $0.duration }
        healedAt = ends.max() ?? .origin
    }

    private init(isMild: Bool, healedAt: Instant) {
        self.isMild = isMild
        self.healedAt = healedAt
    }

    /// Nothing is promised about the network.
    static let unknown = PlanSeverity(isMild: false, healedAt: .origin)
}

/// How much a run may take. All bounds are generous: they are there to find what is endless, not what is slow.
extension SimulationPlan {
    /// Bytes that all flows together carry, if nothing goes wrong.
    public var plannedBytes: Int { flows.reduce(0) { $0 + $1.plannedBytes } }

    /// Reads and pauses that applications have planned.
    var plannedReads: Int {
        flows.reduce(0) { sum, flow in
            let reads = flow.kind == .slowReader ? flow.bytes / flow.portion : flow.rounds
            return sum + 4 * (reads + 1) * flow.connections
        }
    }

    /// Segments of the least size that is reasonable: what the MTU, the MSS, the buffers and the applications allow.
    private var plannedSegments: Int {
        let smallest = hosts.map { host in
            let options = host.options
            let mss = min(host.mtu - 40, options.maximumSegmentSize.map(Int.init) ?? .max, 536) - 12
            return max(1, min(mss, options.receiveBufferBytes / 2, options.sendBufferBytes / 2))
        }
        let size = smallest.min() ?? 1
        return flows.reduce(0) { sum, flow in
            let unit = flow.kind == .slowReader || flow.kind == .chunks ? min(size, flow.portion) : size
            return sum + flow.plannedBytes / max(1, unit) + 8 * flow.rounds * flow.connections
        }
    }

    var mostPackets: Int { 2_000 + 20 * plannedSegments + 200 * flows.reduce(0) { $0 + $1.connections } }

    var stepLimit: Int { 10_000 + 50 * mostPackets + plannedReads }

    /// When everything must be over: time-outs of opening, retransmission and probing are minutes each.
    var timeLimit: Instant {
        var limit = Interval.seconds(3_600)
        for flow in flows {
            limit = limit + .seconds(600) * Int64(flow.connections)
            limit = limit + flow.pause * Int64(plannedReads)
            // With the smallest windows every segment takes a round trip and a delayed acknowledgment.
            limit = limit + .seconds(4) * Int64(plannedSegments)
            for path in paths where path.joins(flow.client, flow.server) {
                guard let rate = path.conditions.rate else { continue }
                limit = limit + .seconds(Int64(flow.plannedBytes) * 8 / rate * 100)
            }
        }
        return .origin + limit
    }
}

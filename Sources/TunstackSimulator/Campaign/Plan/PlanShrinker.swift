import TunstackCore

/// Makes a plan that fails smaller, for as long as it fails in the same way.
public struct PlanShrinker {
    private let canary: Canary?
    private let oracle: String
    private var attemptsLeft = 300

    /// - Parameters:
    ///   - oracle: the oracle that must go on to find something.
    ///   - canary: the bug that is planted, if any.
    public init(oracle: String, canary: Canary? = nil) {
        self.oracle = oracle
        self.canary = canary
    }

    /// The smallest plan that it can find; the plan itself if it does not fail.
    public mutating func shrink(_ plan: SimulationPlan) -> SimulationPlan {
        var smallest = plan
        while let smaller = firstFailing(smallest.smaller) { smallest = smaller }
        return smallest
    }

    private mutating func firstFailing(_ plans: [SimulationPlan]) -> SimulationPlan? {
        for plan in plans where attemptsLeft > 0 {
            attemptsLeft -= 1
            let report = SimulationRun(plan, canary: canary).report()
            if report.violations.contains(where: { $0.oracle == oracle }) { return plan }
        }
        return nil
    }
}

extension SimulationPlan {
    /// Plans that are a step smaller or simpler, those that leave out most first.
    fileprivate var smaller: [SimulationPlan] {
        var plans: [SimulationPlan] = []
        func add(_ change: (inout SimulationPlan) -> Void) {
            var plan = self
            change(&plan)
            if plan != self { plans.append(plan) }
        }
        if flows.count > 1 { for index in flows.indices { add { $0.flows.remove(at: index) } } }
        for index in faults.indices { add { $0.faults.remove(at: index) } }
        for index in hosts.indices { add { $0.hosts[index] = HostPlan() } }
        for index in paths.indices {
            let delay = paths[index].conditions.delay
            add { $0.paths[index].conditions = PathConditions(delay: delay) }
            for change in Self.simplerPaths { add { change(&$0.paths[index].conditions) } }
            guard paths.count > 1, !isUsed(paths[index]) else { continue }
            add { $0.paths.remove(at: index) }
        }
        if let last = hosts.indices.last, last > 1, !isUsed(last) { add { $0.hosts.removeLast() } }
        for index in flows.indices {
            for change in Self.simplerFlows { add { change(&$0.flows[index]) } }
        }
        for index in hosts.indices {
            for change in Self.simplerHosts { add { change(&$0.hosts[index]) } }
        }
        return plans
    }

    private func isUsed(_ path: PathPlan) -> Bool {
        flows.contains { path.joins($0.client, $0.server) } || faults.contains { path.joins($0.host, $0.other) }
    }

    private func isUsed(_ host: Int) -> Bool {
        paths.contains { $0.ends.0 == host || $0.ends.1 == host } || faults.contains { $0.host == host }
    }

    private static let simplerPaths: [@Sendable (inout PathConditions) -> Void] = [
        { $0.loss = 0 }, { $0.corruption = 0 }, { $0.burstLoss = nil }, { $0.jitter = .zero }, { $0.reordering = 0 },
        { $0.duplication = 0 }, { $0.ecnThreshold = nil }, { $0.rate = nil }, { $0.mtu = nil },
    ]

    private static let simplerFlows: [@Sendable (inout FlowPlan) -> Void] = [
        { $0.connections = 1 }, { $0.rounds = (1 + $0.rounds) / 2 }, { $0.bytes = (1 + $0.bytes) / 2 },
        { $0.answer /= 2 }, { $0.leaver = nil }, { $0.saysMore = false }, { $0.start = .zero },
    ]

    private static let simplerHosts: [@Sendable (inout HostPlan) -> Void] = [
        { $0.clockSkew = 0 }, { $0.mtu = 1_500 }, { $0.options.noDelay = false }, { $0.options.keepAlive = nil },
        { $0.options.offer(ConnectionOptions().windowScale(besides: $0.options)) },
        { $0.options.maximumSegmentSize = nil }, { $0.options.timestamps = true },
        { $0.options.selectiveAcknowledgment = true }, { $0.maximumSegmentLifetime = .seconds(30) },
        { $0.options.minimumRTO = .milliseconds(200) }, { $0.options.maximumRTO = .seconds(60) },
        { $0.options.delayedAcknowledgment = .milliseconds(40) }, { $0.options.sendBufferBytes = 480 * 1_024 },
        { $0.options.receiveBufferBytes = 480 * 1_024 }, { $0.options.maximumSendBufferBytes = 6 << 20 },
        { $0.options.maximumReceiveBufferBytes = 6 << 20 }, { $0.options.congestion = .cubic },
        { $0.options.pacing = true }, { $0.options.ecn = false }, { $0.options.pathMTUProbing = .onBlackHole },
        { $0.options.corked = false }, { $0.sendsSuperSegments = false }, { $0.gatheringTime = .zero },
    ]
}

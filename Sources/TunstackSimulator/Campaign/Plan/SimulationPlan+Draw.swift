import TunstackCore
import TunstackWire

/// Draws plans. Most are small, so that many of them can be run; a few are nasty.
extension SimulationPlan {
    /// The plan that belongs to a seed.
    public init(seed: UInt64) {
        self.init(empty: seed)
        var draw = PlanDraw(seed: seed)
        let count = draw.pick([2, 2, 2, 2, 3, 4])
        let isNasty = draw.chance(25)
        for _ in 0..<count { hosts.append(draw.host()) }
        for _ in 0..<draw.pick([1, 1, 1, 2, 2, 3, 4]) {
            let client = draw.number(0...count - 1)
            let server = (client + draw.number(1...count - 1)) % count
            flows.append(draw.flow(from: client, to: server, upTo: isNasty ? 50_000 : 1_000_000))
            guard !paths.contains(where: { $0.joins(client, server) }) else { continue }
            paths.append(PathPlan(client, server, isNasty ? draw.nastyPath() : draw.mildPath()))
        }
        if draw.chance(20), let path = paths.first { faults.append(draw.fault(on: path)) }
        // A peer that is gone is noticed by who has nothing to send only if it asks (RFC 9293 §3.8.4).
        if isNasty || !faults.isEmpty || flows.contains(where: { $0.leaver != nil }) {
            for index in hosts.indices { hosts[index].options.keepAlive = draw.keepAlive() }
        }
        // Small segments and windows take long; what they show, they show soon.
        for index in flows.indices {
            let segment = min(hosts[flows[index].client].usualSegment, hosts[flows[index].server].usualSegment)
            let most = max(1, segment * draw.pick([50, 150, 150, 150, 500, 2_000]) / flows[index].connections)
            flows[index].bytes = min(flows[index].bytes, most)
            flows[index].answer = min(flows[index].answer, most)
            flows[index].portion = min(flows[index].portion, flows[index].bytes)
        }
        drawDevices()
    }

    /// What devices do comes from a sequence of its own: the rest of a plan does not depend on it.
    private mutating func drawDevices() {
        var draw = PlanDraw(seed: seed ^ 0x6465_7669_6365)
        for index in hosts.indices {
            hosts[index].sendsSuperSegments = draw.chance(40)
            if draw.chance(20) { hosts[index].gatheringTime = .microseconds(Int64(draw.spread(1...4_000))) }
        }
    }

    /// A plan with one bulk transfer over one path: 4 MB, or what the path carries in about ten seconds. Where the path
    /// marks packets, the hosts ask for it.
    ///
    /// - Parameters:
    ///   - conditions: what the path does to packets.
    ///   - bytes: how much is sent; nil for as much as is reasonable.
    ///   - congestion: what the sender's congestion control is.
    public init(
        seed: UInt64, bulkOver conditions: PathConditions, bytes: Int? = nil,
        congestion: CongestionAlgorithm = .cubic
    ) {
        self.init(empty: seed)
        hosts = [HostPlan(), HostPlan()]
        for index in hosts.indices {
            hosts[index].options.keepAlive = KeepAlive()
            hosts[index].options.congestion = congestion
            hosts[index].options.ecn = conditions.ecnThreshold != nil
        }
        paths = [PathPlan(0, 1, conditions)]
        var flow = FlowPlan(.bulk, from: 0, to: 1)
        flow.bytes = bytes ?? Int(min(conditions.rate.map { $0 * 10 / 8 } ?? .max, 4 << 20))
        flows = [flow]
    }
}

extension HostPlan {
    /// About how many bytes go into a segment.
    var usualSegment: Int {
        let largest = min(mtu - 52, options.maximumSegmentSize.map(Int.init) ?? .max)
        return max(1, min(largest, options.sendBufferBytes / 2, options.receiveBufferBytes / 2))
    }
}

/// Draws the parts of a plan. What is drawn first does not depend on what is drawn later, but any change here gives
/// every seed another plan.
struct PlanDraw {
    private var random: SeededRandom

    init(seed: UInt64) {
        // Hosts and paths draw from the seed too; this is another sequence.
        random = SeededRandom(seed: seed ^ 0x706C_616E_706C_616E)
    }

    mutating func chance(_ percent: Int) -> Bool { number(0...99) < percent }
    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    mutating func pick<Value>(_ values: [Value]) -> Value { values[number(0...values.count - 1)] }

    /// A number whose logarithm is evenly spread: small ones are as likely as large ones.
    mutating func spread(_ range: ClosedRange<Int>) -> Int {
        var limits: [Int] = []
        var limit = max(1, range.lowerBound)
        while limit < range.upperBound {
            limits.append(limit)
            limit *= 4
        }
        let low = limits.isEmpty ? range.lowerBound : pick(limits)
        return number(low...min(range.upperBound, low * 4))
    }

    mutating func time(_ milliseconds: ClosedRange<Int>) -> Interval { .milliseconds(Int64(number(milliseconds))) }

    // MARK: Hosts

    mutating func host() -> HostPlan {
        var host = HostPlan()
        host.mtu = pick([1_500, 1_500, 1_500, 1_500, 1_400, 1_280, 9_000, 576])
        // A TIME-WAIT shorter than the peer's time-outs would end before the peer has heard that everything arrived.
        host.maximumSegmentLifetime = .seconds(Int64(pick([30, 30, 60, 120])))
        host.clockSkew = chance(25) ? number(-1_000...1_000) : 0
        if chance(20) { host.options.timestamps = false }
        if chance(20) { host.options.selectiveAcknowledgment = false }
        if chance(15) { host.options.maximumSegmentSize = UInt16(number(64...1_460)) }
        if chance(40) { host.options.sendBufferBytes = spread(64...1 << 20) }
        if chance(40) { host.options.receiveBufferBytes = spread(64...1 << 20) }
        if chance(40) { host.options.maximumSendBufferBytes = spread(64...4 << 20) }
        if chance(40) { host.options.maximumReceiveBufferBytes = spread(64...4 << 20) }
        if chance(30) { host.options.offer(pick([nil, 0, 2, 14])) }
        if chance(30) { host.options.noDelay = true }
        if chance(30) { host.options.delayedAcknowledgment = time(0...490) }
        if chance(30) { host.options.minimumRTO = pick([.milliseconds(10), .seconds(1)]) }
        if chance(30) { host.options.maximumRTO = .seconds(Int64(pick([4, 20]))) }
        if chance(20) { host.options.keepAlive = keepAlive() }
        chooseSender(&host.options)
        return host
    }

    private mutating func chooseSender(_ options: inout ConnectionOptions) {
        options.congestion = pick([.cubic, .cubic, .newReno, .bbr, .bbr])
        if chance(25) { options.pacing = false }
        if chance(40) { options.ecn = true }
        if chance(30) { options.pathMTUProbing = pick([.off, .always, .always]) }
        if chance(5) { options.corked = true }
    }

    mutating func keepAlive() -> KeepAlive {
        var keepAlive = KeepAlive()
        keepAlive.idle = .seconds(Int64(number(1...60)))
        keepAlive.interval = .seconds(Int64(number(5...20)))
        keepAlive.probes = UInt8(number(5...10))
        return keepAlive
    }

    // MARK: Paths

    /// No worse than `PlanSeverity.isMild` allows.
    mutating func mildPath() -> PathConditions {
        var path = PathConditions(delay: chance(20) ? .zero : time(1...120))
        if chance(40) { path.loss = spread(100...15_000) }
        if chance(10) { path.corruption = 5_000 }
        addCrossings(to: &path)
        if chance(30) {
            path.rate = Int64(spread(200...1_000_000)) * 1_000
            path.queue = spread(32...1_000)
            if chance(30) { path.ecnThreshold = number(1...path.queue) }
        }
        return path
    }

    mutating func nastyPath() -> PathConditions {
        var path = PathConditions(delay: time(0...600))
        path.loss = chance(60) ? spread(1_000...250_000) : 0
        path.corruption = chance(30) ? spread(1_000...100_000) : 0
        if chance(40) { path.burstLoss = .bursts(share: spread(1_000...200_000), meanLength: number(2...20)) }
        addCrossings(to: &path)
        if chance(40) {
            path.rate = Int64(spread(16...100_000)) * 1_000
            path.queue = number(1...40)
        }
        if chance(15) {
            path.mtu = number(576...1_500)
            // A black hole that nobody looks for ends in a time-out.
            path.isBlackHole = chance(30)
        }
        return path
    }

    /// Packets that come late or twice.
    private mutating func addCrossings(to path: inout PathConditions) {
        if chance(30) {
            path.jitter = time(1...60)
            path.jitterReorders = chance(50)
        }
        if chance(25) {
            path.reordering = spread(1_000...200_000)
            path.reorderingDelay = time(1...80)
        }
        if chance(25) { path.duplication = spread(1_000...200_000) }
    }

    // MARK: Flows

    private static let kinds: [FlowPlan.Kind] = [.bulk, .bulk, .bulk, .halfClose, .exchange, .slowReader, .chunks]

    mutating func flow(from client: Int, to server: Int, upTo most: Int) -> FlowPlan {
        var flow = FlowPlan(pick(Self.kinds), from: client, to: server)
        flow.start = time(0...500)
        switch flow.kind {
        case .bulk:
            flow.bytes = spread(1...most)
            flow.answer = chance(40) ? spread(1...most / 2) : 0
        case .halfClose:
            flow.bytes = spread(1...50_000)
            flow.answer = spread(1...50_000)
        case .exchange:
            flow.rounds = number(1...20)
            flow.bytes = spread(1...2_000)
            flow.answer = spread(1...8_000)
            if chance(50) { flow.pause = time(0...300) }
        case .slowReader:
            flow.bytes = spread(1_000...most)
            flow.portion = max(flow.bytes / number(5...60), 1)
            flow.pause = time(1...2_000)
        case .chunks:
            flow.bytes = spread(1...50_000)
            flow.portion = max(flow.bytes / number(1...20), 1)
        }
        if chance(15) {
            flow.connections = number(2...6)
            flow.bytes = min(flow.bytes, 5_000)
            flow.answer = min(flow.answer, 5_000)
        }
        if chance(15) {
            flow.leaver = FlowPlan.Departure(
                isClient: chance(50), bytes: number(0...flow.bytes + flow.answer),
                farewell: pick([.abort, .abort, .release]))
        }
        if flow.kind == .bulk || flow.kind == .halfClose { flow.saysMore = chance(10) }
        return flow
    }

    // MARK: Faults

    mutating func fault(on path: PathPlan) -> FaultPlan {
        let kind = pick([FaultPlan.Kind.partition, .partition, .cut, .cut, .power])
        let (host, other) = chance(50) ? path.ends : (path.ends.1, path.ends.0)
        let start = Interval.milliseconds(Int64(spread(1...4_000)))
        let duration = Interval.milliseconds(Int64(spread(10...60_000)))
        return FaultPlan(kind, host, kind == .power ? host : other, at: start, for: duration)
    }
}

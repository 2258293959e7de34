import TunstackCore

/// Why a text is no plan.
public struct PlanError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line, as it was given; empty if it is about the whole plan.
    public let line: String
    /// What is wrong with it.
    public let reason: String

    /// Both in one sentence.
    public var description: String { line.isEmpty ? reason : "'\(line)': \(reason)" }
}

extension SimulationPlan {
    /// Reads a plan from text; the form is the one that `description` has.
    ///
    /// - Throws: `PlanError`, which names the line and says what is wrong with it.
    public init(parsing text: String) throws(PlanError) {
        self.init(empty: 1)
        for line in text.split(whereSeparator: \.isNewline).map(String.init) {
            guard let first = line.first(where: { $0 != " " }), first != "#" else { continue }
            do throws(PathConditionsError) {
                try read(line)
            } catch {
                throw PlanError(line: line, reason: error.description)
            }
        }
        if hosts.isEmpty, paths.isEmpty, flows.isEmpty, faults.isEmpty {
            self.init(seed: seed)
            return
        }
        try checkReferences()
    }

    private mutating func read(_ line: String) throws(PathConditionsError) {
        var facts = PlanFacts(line)
        switch facts.keyword {
        case "seed":
            let text = try facts.word("a number")
            guard let number = UInt64(text) else { throw PathConditionsError("'\(text)' is no seed: seed 42") }
            seed = number
        case "host":
            guard try facts.host() == hosts.count, hosts.count < Self.mostHosts else {
                throw PathConditionsError("hosts are named a, b, c, … in this order")
            }
            hosts.append(try HostPlan(&facts))
        case "path":
            paths.append(PathPlan(try facts.host(), try facts.host(), try PathConditions(parsing: facts.rest)))
            return
        case "flow":
            flows.append(try FlowPlan(&facts))
        default:
            guard let kind = FaultPlan.Kind(rawValue: facts.keyword) else {
                throw PathConditionsError("a line begins with seed, host, path, flow, partition, cut or power")
            }
            let host = try facts.host()
            let other = kind == .power ? host : try facts.host()
            faults.append(
                FaultPlan(
                    kind, host, other, at: try facts.take("at", "500ms")?.interval() ?? .zero,
                    for: try facts.take("for", "2s")?.interval() ?? .seconds(1)))
        }
        try facts.finish()
    }

    /// More would take longer than anybody waits.
    private static let mostFlows = 100
    private static let mostBytes = 1 << 34

    /// Every host that is spoken of is there, and every flow has a path.
    private func checkReferences() throws(PlanError) {
        guard flows.count <= Self.mostFlows, plannedBytes <= Self.mostBytes else {
            throw PlanError(line: "", reason: "that is more than \(Self.mostFlows) flows or \(Self.mostBytes) bytes")
        }
        let spoken =
            paths.flatMap { [$0.ends.0, $0.ends.1] } + flows.flatMap { [$0.client, $0.server] }
            + faults.flatMap { [$0.host, $0.other] }
        if let missing = spoken.first(where: { $0 >= hosts.count }) {
            throw PlanError(line: "", reason: "there is no line 'host \(Self.letter(missing))'")
        }
        for flow in flows where !paths.contains(where: { $0.joins(flow.client, flow.server) }) {
            let hosts = "\(Self.letter(flow.client)) \(Self.letter(flow.server))"
            throw PlanError(line: "", reason: "a flow needs a line 'path \(hosts)'")
        }
        for path in paths where path.ends.0 == path.ends.1 {
            throw PlanError(line: "", reason: "a path joins two hosts, not \(Self.letter(path.ends.0)) with itself")
        }
    }
}

// MARK: - Parts

extension HostPlan {
    fileprivate init(_ facts: inout PlanFacts) throws(PathConditionsError) {
        self.init()
        mtu = try facts.take("mtu", "1500")?.count(576...65_535) ?? mtu
        maximumSegmentLifetime = try facts.take("msl", "30s")?.interval() ?? maximumSegmentLifetime
        clockSkew = try facts.take("skew", "-100")?.count(-100_000...100_000) ?? clockSkew
        options.timestamps = try facts.takeSwitch("timestamps") ?? options.timestamps
        options.selectiveAcknowledgment = try facts.takeSwitch("sack") ?? options.selectiveAcknowledgment
        if let size = facts.take("mss", "536") { options.maximumSegmentSize = UInt16(try size.count(1...65_535)) }
        options.sendBufferBytes = try facts.take("send", "65536")?.count(1...1 << 29) ?? options.sendBufferBytes
        options.receiveBufferBytes =
            try facts.take("receive", "65536")?.count(1...1 << 29) ?? options.receiveBufferBytes
        options.maximumSendBufferBytes =
            try facts.take("maxsend", "65536")?.count(1...1 << 29) ?? options.maximumSendBufferBytes
        options.maximumReceiveBufferBytes =
            try facts.take("maxreceive", "65536")?.count(1...1 << 29) ?? options.maximumReceiveBufferBytes
        if let scale = facts.take("scale", "7") { options.offer(scale.isOff ? nil : UInt8(try scale.count(0...14))) }
        options.congestion = try facts.take("congestion", "bbr")?.one(of: CongestionAlgorithm.allCases) ?? .cubic
        options.pacing = try facts.takeSwitch("pacing") ?? options.pacing
        options.ecn = try facts.takeSwitch("ecn") ?? options.ecn
        if let probing = facts.take("probing", "always") {
            options.pathMTUProbing = try probing.isFirst(of: "always", "off") ? .always : .off
        }
        options.corked = try facts.takeSwitch("corked") ?? options.corked
        sendsSuperSegments = try facts.takeSwitch("super") ?? sendsSuperSegments
        gatheringTime = try facts.take("gather", "100us")?.interval() ?? gatheringTime
        options.noDelay = try facts.takeSwitch("nodelay") ?? options.noDelay
        options.delayedAcknowledgment = try facts.take("delack", "40ms")?.interval() ?? options.delayedAcknowledgment
        options.minimumRTO = try facts.take("minrto", "200ms")?.interval() ?? options.minimumRTO
        options.maximumRTO = try facts.take("maxrto", "60s")?.interval() ?? options.maximumRTO
        guard let parts = try facts.take("keepalive", "20s/5s/5")?.parts(3) else { return }
        var keepAlive = KeepAlive()
        keepAlive.idle = try parts[0].interval()
        keepAlive.interval = try parts[1].interval()
        keepAlive.probes = UInt8(try parts[2].count(1...255))
        options.keepAlive = keepAlive
    }
}

extension FlowPlan {
    /// More would take longer than anybody waits.
    private static let sizes = 0...1 << 30

    fileprivate init(_ facts: inout PlanFacts) throws(PathConditionsError) {
        let (client, server) = (try facts.host(), try facts.host())
        let names = Kind.allCases.map(\.rawValue).joined(separator: ", ")
        let name = try facts.word(names)
        guard let kind = Kind(rawValue: name) else { throw PathConditionsError("'\(name)' is none of \(names)") }
        guard client != server else { throw PathConditionsError("a flow needs two hosts") }
        self.init(kind, from: client, to: server)
        bytes = try facts.take("bytes", "1000")?.count(1...Self.sizes.upperBound) ?? bytes
        answer = try facts.take("answer", "1000")?.count(Self.sizes) ?? answer
        rounds = try facts.take("rounds", "10")?.count(1...100_000) ?? rounds
        portion = try facts.take("portion", "100")?.count(1...Self.sizes.upperBound) ?? portion
        pause = try facts.take("pause", "10ms")?.interval() ?? pause
        connections = try facts.take("connections", "5")?.count(1...1_000) ?? connections
        start = try facts.take("start", "10ms")?.interval() ?? start
        saysMore = try facts.takeSwitch("more") ?? saysMore
        mostResent = try facts.take("resent", "100")?.count(Self.sizes)
        longestTime = try facts.take("within", "5s")?.interval()
        if kind == .exchange, answer == 0 { throw PathConditionsError("an exchange needs an answer: answer=1000") }
        guard let parts = try facts.take("leave", "client/1000/abort")?.parts(3) else { return }
        leaver = Departure(
            isClient: try parts[0].isFirst(of: "client", "server"), bytes: try parts[1].count(Self.sizes),
            farewell: try parts[2].isFirst(of: "abort", "release") ? .abort : .release)
    }
}

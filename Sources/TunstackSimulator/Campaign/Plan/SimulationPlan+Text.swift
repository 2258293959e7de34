import TunstackCore

/// A plan as text: one fact in a line, in the order seed, hosts, paths, flows, faults.
///
///     seed 42
///     host a
///     host b mtu=1400 receive=2000 sack=off
///     path a b delay=20ms loss=1%
///     flow a b bulk bytes=100000
///     partition a b at=500ms for=2s
///
/// What has its default is left out. A line that begins with # is a remark. The line `seed 42` alone, without hosts, is
/// the plan that belongs to the seed.
extension SimulationPlan: CustomStringConvertible {
    /// The plan as text.
    public var description: String { lines.joined(separator: "\n") + "\n" }

    /// The plan as text, line by line.
    public var lines: [String] {
        var lines = ["seed \(seed)"]
        for (index, host) in hosts.enumerated() { lines.append(Self.line(["host", Self.letter(index)], host.facts)) }
        for path in paths {
            let (first, second) = path.ends
            let conditions = path.conditions.description
            lines.append(
                "path \(Self.letter(first)) \(Self.letter(second))" + (conditions.isEmpty ? "" : " \(conditions)"))
        }
        for flow in flows {
            let words = ["flow", Self.letter(flow.client), Self.letter(flow.server), flow.kind.rawValue]
            lines.append(Self.line(words, flow.facts))
        }
        for fault in faults {
            let hosts = fault.kind == .power ? [fault.host] : [fault.host, fault.other]
            let facts = [
                ("at", ConditionText.interval(fault.start)), ("for", ConditionText.interval(fault.duration)),
            ]
            lines.append(Self.line([fault.kind.rawValue] + hosts.map(Self.letter), facts))
        }
        return lines
    }

    private static func line(_ words: [String], _ facts: [(String, String)]) -> String {
        (words + facts.map { "\($0)=\($1)" }).joined(separator: " ")
    }

    /// What text calls a host.
    static func letter(_ host: Int) -> String { String(UnicodeScalar(UInt8(97 + host % mostHosts))) }
}

extension HostPlan {
    /// What differs from the defaults.
    fileprivate var facts: [(String, String)] {
        let plain = HostPlan()
        func onOff(_ value: Bool) -> String { value ? "on" : "off" }
        let facts: [(String, String?, String?)] = [
            ("mtu", "\(mtu)", "\(plain.mtu)"),
            (
                "msl", ConditionText.interval(maximumSegmentLifetime),
                ConditionText.interval(plain.maximumSegmentLifetime)
            ),
            ("skew", "\(clockSkew)", "\(plain.clockSkew)"),
            ("timestamps", onOff(options.timestamps), onOff(plain.options.timestamps)),
            ("sack", onOff(options.selectiveAcknowledgment), onOff(plain.options.selectiveAcknowledgment)),
            ("scale", Self.text(options.windowScale), Self.text(plain.options.windowScale(besides: options))),
            ("mss", options.maximumSegmentSize.map { "\($0)" }, nil),
            ("send", "\(options.sendBufferBytes)", "\(plain.options.sendBufferBytes)"),
            ("receive", "\(options.receiveBufferBytes)", "\(plain.options.receiveBufferBytes)"),
            (
                "maxsend", "\(options.maximumSendBufferBytes)", "\(plain.options.maximumSendBufferBytes)"
            ),
            (
                "maxreceive", "\(options.maximumReceiveBufferBytes)", "\(plain.options.maximumReceiveBufferBytes)"
            ),
            ("congestion", options.congestion.rawValue, plain.options.congestion.rawValue),
            ("pacing", onOff(options.pacing), onOff(plain.options.pacing)),
            ("ecn", onOff(options.ecn), onOff(plain.options.ecn)),
            ("probing", options.pathMTUProbing.word, plain.options.pathMTUProbing.word),
            ("corked", onOff(options.corked), onOff(plain.options.corked)),
            ("nodelay", onOff(options.noDelay), onOff(plain.options.noDelay)),
            (
                "delack", ConditionText.interval(options.delayedAcknowledgment),
                ConditionText.interval(plain.options.delayedAcknowledgment)
            ),
            ("minrto", ConditionText.interval(options.minimumRTO), ConditionText.interval(plain.options.minimumRTO)),
            ("maxrto", ConditionText.interval(options.maximumRTO), ConditionText.interval(plain.options.maximumRTO)),
            ("keepalive", options.keepAlive.map(Self.text), nil),
            ("super", onOff(sendsSuperSegments), onOff(plain.sendsSuperSegments)),
            ("gather", ConditionText.interval(gatheringTime), ConditionText.interval(plain.gatheringTime)),
        ]
        return facts.compactMap { key, value, standard in
            guard let value, value != standard else { return nil }
            return (key, value)
        }
    }

    private static func text(_ scale: UInt8?) -> String { scale.map { "\($0)" } ?? "off" }

    private static func text(_ keepAlive: KeepAlive) -> String {
        "\(ConditionText.interval(keepAlive.idle))/\(ConditionText.interval(keepAlive.interval))/\(keepAlive.probes)"
    }
}

extension FlowPlan {
    /// What differs from the defaults.
    fileprivate var facts: [(String, String)] {
        var facts = [("bytes", "\(bytes)")]
        if answer != 0 { facts.append(("answer", "\(answer)")) }
        if rounds != 1 { facts.append(("rounds", "\(rounds)")) }
        if portion != 1 { facts.append(("portion", "\(portion)")) }
        if pause != .zero { facts.append(("pause", ConditionText.interval(pause))) }
        if connections != 1 { facts.append(("connections", "\(connections)")) }
        if start != .zero { facts.append(("start", ConditionText.interval(start))) }
        if let leaver {
            let who = leaver.isClient ? "client" : "server"
            facts.append(("leave", "\(who)/\(leaver.bytes)/\(leaver.farewell)"))
        }
        if saysMore { facts.append(("more", "on")) }
        if let mostResent { facts.append(("resent", "\(mostResent)")) }
        if let longestTime { facts.append(("within", ConditionText.interval(longestTime))) }
        return facts
    }
}

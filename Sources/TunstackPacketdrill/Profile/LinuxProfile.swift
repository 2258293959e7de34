import TunstackCore

/// Linux's choices, as values of the core's public options. What a script has set by sysctl(8) counts.
extension Profile {
    /// What a socket made now begins with.
    var socketSettings: SocketSettings {
        var settings = SocketSettings()
        guard kind == .linux else { return settings }
        settings.connection = linuxOptions
        settings.reportsInOrderOnly = sysctls.isOn("tcp_dsack", otherwise: true) == false
        let write = sysctls.numbers("tcp_wmem")
        settings.sendBuffer = write.count == 3 ? write[1] : 16_384
        settings.largestSendBuffer = write.count == 3 ? write[2] : 4 << 20
        settings.receiveBuffer = readMemory.initial
        settings.notSentLowWater = UInt32(truncatingIfNeeded: sysctls.number("tcp_notsent_lowat") ?? Int(UInt32.max))
        settings.acceptsECN = ecn != 0
        settings.keepAlive.resetsPeer = true
        settings.keepAlive.idle = .seconds(Int64(sysctls.number("tcp_keepalive_time") ?? 7_200))
        settings.keepAlive.interval = .seconds(Int64(sysctls.number("tcp_keepalive_intvl") ?? 75))
        settings.keepAlive.probes = UInt8(clamping: sysctls.number("tcp_keepalive_probes") ?? 9)
        settings.passiveEstablishmentTimeout = Self.timeout(retries: sysctls.number("tcp_synack_retries") ?? 5)
        settings.synBacklog = sysctls.number("tcp_max_syn_backlog") ?? 1_024
        return settings
    }

    /// 0: off; 1: ask and agree; 2: only agree.
    private var ecn: Int { sysctls.number("tcp_ecn") ?? 2 }

    /// Half of the memory for receiving is window; the rest pays for the administration of segments.
    private var readMemory: (initial: Int, largest: Int) {
        let numbers = sysctls.numbers("tcp_rmem")
        return numbers.count == 3 ? (numbers[1], numbers[2]) : (131_072, 6 << 20)
    }

    private var linuxOptions: ConnectionOptions {
        var options = ConnectionOptions()
        options.timestamps = sysctls.isOn("tcp_timestamps", otherwise: true)
        options.selectiveAcknowledgment = sysctls.isOn("tcp_sack", otherwise: true)
        options.receiveBufferBytes = readMemory.initial / 2
        options.maximumReceiveBufferBytes = max(readMemory.initial, readMemory.largest) / 2
        options.windowScale =
            sysctls.isOn("tcp_window_scaling", otherwise: true) ? Self.windowScale(for: readMemory.largest) : nil
        options.ecn = ecn == 1
        // What may be queued is decided by the socket, which counts as Linux does.
        options.sendBufferBytes = 1 << 29
        options.unsentBytes = .max
        options.maximumSendBufferBytes = 1 << 29
        options.congestion = congestion(named: sysctls.text("tcp_congestion_control") ?? "cubic") ?? .cubic
        // Only with a queueing discipline that paces does Linux pace CUBIC and Reno.
        options.pacing = options.congestion == .bbr
        options.slowStartExit = .hyStart
        options.reducesFromWindow = true
        options.holdsAcrossAcknowledgments = false
        options.timesEverySegment = true
        options.windowProbesCarryText = false
        options.pushesBursts = true
        options.leastBurst = UInt8(clamping: sysctls.number("tcp_min_tso_segs") ?? 2)
        options.restartsAfterIdle = sysctls.isOn("tcp_slow_start_after_idle", otherwise: true)
        options.tailLossProbes = sysctls.isOn("tcp_early_retrans", otherwise: true)
        options.acceptsMissingTimestamps = true
        options.minimumRTO = .milliseconds(200)
        options.leastTimeoutMargin = options.minimumRTO
        options.maximumRTO = .milliseconds(Int64(sysctls.number("tcp_rto_max_ms") ?? 120_000))
        options.linearSynRetransmissions = UInt8(clamping: sysctls.number("tcp_syn_linear_timeouts") ?? 4)
        options.establishmentTimeout = Self.timeout(
            retries: sysctls.number("tcp_syn_retries") ?? 6, linear: Int(options.linearSynRetransmissions))
        options.dataTimeout = Self.timeout(
            retries: sysctls.number("tcp_retries2") ?? 15, first: options.minimumRTO, largest: options.maximumRTO)
        options.finWait2Timeout = .seconds(Int64(sysctls.number("tcp_fin_timeout") ?? 60))
        options.pathMTUProbing =
            switch sysctls.number("tcp_mtu_probing") ?? 0 {
            case 0: .off
            case 1: .onBlackHole
            default: .always
            }
        return options
    }

    /// A congestion control by Linux's name for it; nil if the stack has none of that name.
    ///
    /// A new namespace has the machine's default, which says nothing about the script; where that is BBR it is passed over. A socket
    /// option can still ask for it.
    private func congestion(named name: String) -> CongestionAlgorithm? {
        CongestionAlgorithm(linuxName: name).flatMap { $0 == .bbr ? nil : $0 }
    }

    /// The smallest shift whose largest window is at least half as large as the memory.
    private static func windowScale(for byteCount: Int) -> UInt8 {
        let bits = Int.bitWidth - max(1, byteCount).leadingZeroBitCount
        return UInt8(clamping: min(14, max(0, bits - 16)))
    }

    /// How long so many retransmissions take, each after twice the time of the one before, but for `linear` more at the beginning.
    static func timeout(
        retries: Int, linear: Int = 0, first: Interval = .seconds(1), largest: Interval = .seconds(120)
    ) -> Interval {
        var total = Interval.zero
        var next = first
        for count in 0...max(0, min(retries + linear, 255)) {
            total = total + next
            if count >= linear { next = min(next * 2, largest) }
        }
        return total
    }
}

extension CongestionAlgorithm {
    /// The algorithm that Linux calls so.
    init?(linuxName name: String) {
        switch name {
        case "reno": self = .newReno
        default: self.init(rawValue: name)
        }
    }

    /// Linux's name for it.
    var linuxName: String { self == .newReno ? "reno" : rawValue }
}

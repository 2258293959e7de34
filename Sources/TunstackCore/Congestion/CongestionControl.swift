/// The congestion controller of one connection: one of the algorithms, in place.
///
/// An existential would keep the larger ones in a box of the heap, made and freed with every rest of the connection, and an enum would
/// move the payload out and back in with every acknowledgment. Here it lies in memory that is large enough for each of them.
@safe struct CongestionControl: CongestionController {
    /// Which algorithm it is.
    let algorithm: CongestionAlgorithm
    /// The algorithm's struct, from the first byte on.
    private var storage = InlineArray<45, UInt64>(repeating: 0)

    init(_ cubic: Cubic) {
        algorithm = .cubic
        update(Cubic.self) { $0 = cubic }
    }

    init(_ newReno: NewReno) {
        algorithm = .newReno
        update(NewReno.self) { $0 = newReno }
    }

    init(_ bbr: BBR) {
        algorithm = .bbr
        update(BBR.self) { $0 = bbr }
    }

    /// All algorithms are plain values: their memory needs no initialization and no end.
    @inline(__always)
    private mutating func update<Algorithm: BitwiseCopyable, Result>(
        _: Algorithm.Type, _ body: (inout Algorithm) -> Result
    ) -> Result {
        assert(MemoryLayout<Algorithm>.size <= MemoryLayout.size(ofValue: storage))
        return unsafe withUnsafeMutablePointer(to: &storage) { storage in
            unsafe body(&UnsafeMutableRawPointer(storage).assumingMemoryBound(to: Algorithm.self).pointee)
        }
    }

    @inline(__always)
    private func read<Algorithm: BitwiseCopyable, Result>(_: Algorithm.Type, _ body: (Algorithm) -> Result) -> Result {
        unsafe withUnsafePointer(to: storage) { storage in
            unsafe body(UnsafeRawPointer(storage).assumingMemoryBound(to: Algorithm.self).pointee)
        }
    }

    /// What there is to remember over a rest; nil while something goes on. `keep` keeps all of it, and says where.
    func resting(_ keep: (CongestionControl) -> UInt32) -> RestingCongestion? {
        switch algorithm {
        case .cubic: read(Cubic.self) { $0.fitsInRecord ? $0.resting : .whole(keep(self)) }
        case .newReno: read(NewReno.self) { $0.fitsInRecord ? $0.resting : .whole(keep(self)) }
        case .bbr: .whole(keep(self))
        }
    }
}

// MARK: - What the sender reads

extension CongestionControl {
    var cwnd: Int {
        switch algorithm {
        case .cubic: read(Cubic.self) { $0.cwnd }
        case .newReno: read(NewReno.self) { $0.cwnd }
        case .bbr: read(BBR.self) { $0.cwnd }
        }
    }

    var ssthresh: Int {
        switch algorithm {
        case .cubic: read(Cubic.self) { $0.ssthresh }
        case .newReno: read(NewReno.self) { $0.ssthresh }
        case .bbr: read(BBR.self) { $0.ssthresh }
        }
    }

    var pacingRate: Int? {
        switch algorithm {
        case .cubic: read(Cubic.self) { $0.pacingRate }
        case .newReno: read(NewReno.self) { $0.pacingRate }
        case .bbr: read(BBR.self) { $0.pacingRate }
        }
    }

    var governsRecovery: Bool {
        switch algorithm {
        case .cubic: read(Cubic.self) { $0.governsRecovery }
        case .newReno: read(NewReno.self) { $0.governsRecovery }
        case .bbr: read(BBR.self) { $0.governsRecovery }
        }
    }

    var phase: String {
        switch algorithm {
        case .cubic: read(Cubic.self) { $0.phase }
        case .newReno: read(NewReno.self) { $0.phase }
        case .bbr: read(BBR.self) { $0.phase }
        }
    }
}

// MARK: - What the sender tells

extension CongestionControl {
    mutating func setMaximumSegmentSize(_ size: Int) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.setMaximumSegmentSize(size) }
        case .newReno: update(NewReno.self) { $0.setMaximumSegmentSize(size) }
        case .bbr: update(BBR.self) { $0.setMaximumSegmentSize(size) }
        }
    }

    mutating func onHandshakeRetransmitted() {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onHandshakeRetransmitted() }
        case .newReno: update(NewReno.self) { $0.onHandshakeRetransmitted() }
        case .bbr: update(BBR.self) { $0.onHandshakeRetransmitted() }
        }
    }

    mutating func onSent(_ bytes: Int, inFlight: Int, at now: Instant) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onSent(bytes, inFlight: inFlight, at: now) }
        case .newReno: update(NewReno.self) { $0.onSent(bytes, inFlight: inFlight, at: now) }
        case .bbr: update(BBR.self) { $0.onSent(bytes, inFlight: inFlight, at: now) }
        }
    }

    mutating func onIdle(for pause: Interval, rto: Interval) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onIdle(for: pause, rto: rto) }
        case .newReno: update(NewReno.self) { $0.onIdle(for: pause, rto: rto) }
        case .bbr: update(BBR.self) { $0.onIdle(for: pause, rto: rto) }
        }
    }

    mutating func onLost(_ segment: LostSegment, at now: Instant) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onLost(segment, at: now) }
        case .newReno: update(NewReno.self) { $0.onLost(segment, at: now) }
        case .bbr: update(BBR.self) { $0.onLost(segment, at: now) }
        }
    }

    mutating func onCongestion(_ signal: CongestionSignal, inFlight: Int, at now: Instant) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onCongestion(signal, inFlight: inFlight, at: now) }
        case .newReno: update(NewReno.self) { $0.onCongestion(signal, inFlight: inFlight, at: now) }
        case .bbr: update(BBR.self) { $0.onCongestion(signal, inFlight: inFlight, at: now) }
        }
    }

    mutating func onAcknowledged(_ news: AcknowledgmentNews) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onAcknowledged(news) }
        case .newReno: update(NewReno.self) { $0.onAcknowledged(news) }
        case .bbr: update(BBR.self) { $0.onAcknowledged(news) }
        }
    }

    mutating func onRecovered(inFlight: Int, at now: Instant) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onRecovered(inFlight: inFlight, at: now) }
        case .newReno: update(NewReno.self) { $0.onRecovered(inFlight: inFlight, at: now) }
        case .bbr: update(BBR.self) { $0.onRecovered(inFlight: inFlight, at: now) }
        }
    }

    mutating func onTimeout(inFlight: Int, isFirst: Bool, at now: Instant) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onTimeout(inFlight: inFlight, isFirst: isFirst, at: now) }
        case .newReno: update(NewReno.self) { $0.onTimeout(inFlight: inFlight, isFirst: isFirst, at: now) }
        case .bbr: update(BBR.self) { $0.onTimeout(inFlight: inFlight, isFirst: isFirst, at: now) }
        }
    }

    mutating func onSpurious(inFlight: Int, at now: Instant) {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.onSpurious(inFlight: inFlight, at: now) }
        case .newReno: update(NewReno.self) { $0.onSpurious(inFlight: inFlight, at: now) }
        case .bbr: update(BBR.self) { $0.onSpurious(inFlight: inFlight, at: now) }
        }
    }

    mutating func forgetUndo() {
        switch algorithm {
        case .cubic: update(Cubic.self) { $0.forgetUndo() }
        case .newReno: update(NewReno.self) { $0.forgetUndo() }
        case .bbr: update(BBR.self) { $0.forgetUndo() }
        }
    }
}

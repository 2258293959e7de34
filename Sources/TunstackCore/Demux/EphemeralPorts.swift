import TunstackWire

/// Chooses local ports for active opens: RFC 6056 §3.3.3, hash-based. For one peer the ports follow each other, so that a port
/// comes back late; for different peers they begin at unpredictable places.
struct EphemeralPorts {
    private let first: UInt16
    private let count: Int
    private let key: SipHash.Key
    private var next: UInt32

    init(range: ClosedRange<UInt16>, random: inout some RandomNumberGenerator) {
        first = range.lowerBound
        count = range.count
        key = SipHash.Key(from: &random)
        next = UInt32.random(in: .min ... .max, using: &random)
    }

    /// The first port for which `isFree` says yes; nil if it says no to all.
    mutating func choose(local: IPAddress, remote: Endpoint, isFree: (Port) -> Bool) -> Port? {
        let pair = ConnectionKey(local: Endpoint(local, Port(0)), remote: remote)
        let offset = Int(truncatingIfNeeded: pair.hash(key: key) & 0xffff_ffff)
        for _ in 0..<count {
            let port = Port(first + UInt16((offset + Int(next)) % count))
            next &+= 1
            if isFree(port) { return port }
        }
        return nil
    }
}

import TunstackCore

/// A generator whose numbers depend on its seed alone (SplitMix64; Steele, Lea and Flood, 2014), so that a run can be
/// repeated.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The generator of one sequence; every seed gives another.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number of the sequence.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// Says yes so many times out of `total`.
    mutating func chance(_ count: Int, of total: Int) -> Bool {
        count > 0 && Int(next().multipliedFullWidth(by: UInt64(total)).high) < count
    }

    /// A length of time from nothing to `limit`, all equally likely.
    mutating func interval(upTo limit: Interval) -> Interval {
        Interval(nanoseconds: Int64.random(in: 0...max(0, limit.nanoseconds), using: &self))
    }
}

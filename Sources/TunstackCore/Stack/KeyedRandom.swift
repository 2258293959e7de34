/// The stack's own source of unpredictable numbers: SipHash-2-4 in counter mode under a key drawn once from the
/// generator that the owner injected. The same key gives the same numbers on every run and machine.
struct KeyedRandom: RandomNumberGenerator {
    private let key: SipHash.Key
    private var counter: UInt64 = 0

    init(from random: inout some RandomNumberGenerator) {
        key = SipHash.Key(from: &random)
    }

    mutating func next() -> UInt64 {
        counter &+= 1
        var hash = SipHash(key: key)
        hash.combine(counter)
        return hash.finish()
    }
}

/// SipHash (Aumasson and Bernstein, 2012) over whole 64-bit words: a keyed pseudorandom function, cheap enough to hash every
/// arriving four-tuple and strong enough that nobody without the key can choose collisions or guess initial
/// sequence numbers (RFC 6528 §3 names it a fit choice of function).
struct SipHash {
    /// The 128-bit secret.
    struct Key {
        var low: UInt64
        var high: UInt64

        init(low: UInt64, high: UInt64) {
            self.low = low
            self.high = high
        }

        init(from random: inout some RandomNumberGenerator) {
            self.init(low: random.next(), high: random.next())
        }
    }

    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var words: UInt64 = 0
    private let finalRounds: Int
    private let messageRounds: Int

    /// SipHash-2-4 unless fewer rounds are asked for; SipHash-1-3 is enough for hash tables.
    @inline(__always)
    init(key: Key, messageRounds: Int = 2, finalRounds: Int = 4) {
        v0 = key.low ^ 0x736f_6d65_7073_6575
        v1 = key.high ^ 0x646f_7261_6e64_6f6d
        v2 = key.low ^ 0x6c79_6765_6e65_7261
        v3 = key.high ^ 0x7465_6462_7974_6573
        self.messageRounds = messageRounds
        self.finalRounds = finalRounds
    }

    @inline(__always)
    private mutating func round() {
        v0 = v0 &+ v1
        v2 = v2 &+ v3
        v1 = (v1 << 13 | v1 >> 51) ^ v0
        v3 = (v3 << 16 | v3 >> 48) ^ v2
        v0 = v0 << 32 | v0 >> 32
        v2 = v2 &+ v1
        v0 = v0 &+ v3
        v1 = (v1 << 17 | v1 >> 47) ^ v2
        v3 = (v3 << 21 | v3 >> 43) ^ v0
        v2 = v2 << 32 | v2 >> 32
    }

    /// Takes in eight more bytes of the message, given as a little-endian word.
    @inline(__always)
    mutating func combine(_ word: UInt64) {
        absorb(word)
        words &+= 1
    }

    @inline(__always)
    private mutating func absorb(_ word: UInt64) {
        v3 ^= word
        for _ in 0..<messageRounds { round() }
        v0 ^= word
    }

    /// The hash of all that was combined.
    @inline(__always)
    consuming func finish() -> UInt64 {
        absorb((words &* 8) << 56)
        v2 ^= 0xff
        for _ in 0..<finalRounds { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }
}

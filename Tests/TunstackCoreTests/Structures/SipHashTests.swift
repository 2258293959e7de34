import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("SipHash")
struct SipHashTests {
    /// The published vectors of SipHash-2-4 (Aumasson and Bernstein) whose message is whole words: key 00 01 … 0f, message
    /// 00 01 02 …, by the number of words; the result as a little-endian number.
    static let vectors: [(words: Int, hash: UInt64)] = [
        (0, 0x726f_db47_dd0e_0e31), (1, 0x93f5_f579_9a93_2462), (2, 0x3f2a_cc7f_57c2_9bdb),
        (3, 0xb8ad_50c6_f649_af94), (4, 0x7127_512f_72f2_7cce), (5, 0x0e3e_a96b_5304_a7d0),
        (6, 0xe612_a3cb_9ecb_a951), (7, 0xb78d_bfaf_3a8d_83bd),
    ]

    @Test("SipHash-2-4 gives the published results", .requirement("RFC9293 SHLD-1"), arguments: vectors)
    func published(words: Int, hash expected: UInt64) {
        var hash = SipHash(key: SipHash.Key(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908))
        for word in 0..<UInt64(words) { hash.combine(0x0706_0504_0302_0100 &+ word &* 0x0808_0808_0808_0808) }
        let result = hash.finish()
        #expect(result == expected)
    }

    @Test("SipHash-1-3, which tables use, agrees with an independent implementation")
    func fewerRounds() {
        var hash = SipHash(
            key: SipHash.Key(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908), messageRounds: 1,
            finalRounds: 3)
        hash.combine(0x0706_0504_0302_0100)
        let result = hash.finish()
        #expect(result == 0x3690_9511_8d29_9a8e)
    }

    @Test("every part of a four-tuple changes its hash, and so does the key")
    func fourTuple() {
        var random = SplitMix64(seed: 1)
        let key = SipHash.Key(from: &random)
        let otherKey = SipHash.Key(from: &random)
        func tuple(_ local: UInt8, _ localPort: UInt16, _ remote: UInt8, _ remotePort: UInt16) -> ConnectionKey {
            ConnectionKey(
                local: Endpoint(IPv4Address(10, 0, 0, local), Port(localPort)),
                remote: Endpoint(IPv4Address(10, 0, 0, remote), Port(remotePort)))
        }
        let tuples = [
            tuple(1, 80, 2, 5_000), tuple(3, 80, 2, 5_000), tuple(1, 81, 2, 5_000), tuple(1, 80, 3, 5_000),
            tuple(1, 80, 2, 5_001), tuple(2, 5_000, 1, 80), tuple(2, 80, 1, 5_000),
        ]
        var hashes = tuples.map { $0.hash(key: key) }
        hashes.append(tuples[0].hash(key: otherKey))
        #expect(Set(hashes).count == hashes.count)
        #expect(Set(hashes.map { $0 >> 32 }).count == hashes.count, "the table looks at the upper half")
    }
}

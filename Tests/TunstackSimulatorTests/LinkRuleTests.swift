import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

/// Answers every packet alike.
private struct Always: LinkRule {
    let answer: Verdict

    func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? { answer }
}

/// Loses every packet, and says in its reason what it has seen of it.
private struct Witness: LinkRule {
    func verdict(on packet: PacketInTransit, random: inout SeededRandom) -> Verdict? {
        .drop(Self.words(at: packet.time, packet.bytes))
    }

    static func words(at time: Instant, _ bytes: [UInt8]) -> String { "at \(time.nanoseconds): \(bytes)" }
}

@Suite("Link rules")
struct LinkRuleTests {
    @Test("without a rule that answers, a packet arrives after the latency")
    func latency() {
        let raw = RawNetwork(rules: [RandomLoss(perMille: 0)])
        raw.send()
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [10])
    }

    @Test("a packet goes through all rules: a loss ends its way, whatever came before")
    func lossAfterDelay() {
        let raw = RawNetwork(rules: [Always(answer: .deliver(after: .milliseconds(3))), RandomLoss(perMille: 1_000)])
        raw.send()
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [nil])
    }

    @Test("delays add up, to the latency or to what a rule gives instead of it")
    func delaysAdd() {
        let hold = Always(answer: .hold(back: .milliseconds(2)))
        let deliver = [Always(answer: .deliver(after: .milliseconds(3))), Always(answer: .deliver(after: .seconds(1)))]
        for (rules, expected) in [([hold, hold], 14), ([hold] + deliver + [hold], 7)] as [([any LinkRule], Int64)] {
            let raw = RawNetwork(rules: rules)
            raw.send()
            raw.network.runUntilIdle(limit: 100)
            #expect(raw.arrivals == [expected])
        }
    }

    @Test("a second copy is a packet of its own for the rules that follow")
    func copiesAreRuled() {
        let raw = RawNetwork(rules: [
            Always(answer: .duplicate(after: .milliseconds(1))), Always(answer: .duplicate(after: .milliseconds(2))),
            SegmentFilter(.drop("lost"), ordinals: 2...2) { packet, _ in packet.isCopy },
        ])
        raw.send(.rst)
        raw.network.runUntilIdle(limit: 100)
        // In the order in which they are made: the packet, its two copies, and the copy of the first copy.
        #expect(raw.arrivals == [10, 11, nil, 13])
        #expect(raw.network.trace.packets.map(\.copyOf) == [nil, 0, 0, 0])
    }

    @Test("rules see what the rules before have made of the packet: its time and its bytes")
    func rulesSeeChanges() throws {
        let raw = RawNetwork(rules: [
            Always(answer: .hold(back: .milliseconds(2))), Always(answer: .corrupt(bit: 8 * 45)), Witness(),
        ])
        raw.send(.rst, textLength: 10)
        let packet = try #require(raw.network.trace.packets.first)
        let damaged = try #require(packet.damagedBytes)
        #expect(damaged != packet.bytes)
        #expect(packet.fate == .lost(Witness.words(at: Instant(nanoseconds: 2_000_000), damaged)))
    }

    @Test("a rule that is added later comes first")
    func added() {
        let raw = RawNetwork(rules: [Always(answer: .deliver(after: .milliseconds(5)))])
        raw.network.addRule(Always(answer: .deliver(after: .milliseconds(3))), between: raw.host, raw.peer)
        raw.send()
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [3])
    }

    @Test("a rule for one way leaves the other alone: a cut from a time until a time")
    func oneWay() {
        let raw = RawNetwork()
        let cut = Partition(from: Instant(nanoseconds: 5_000_000), until: Instant(nanoseconds: 15_000_000))
        raw.network.addRule(OneWay(from: raw.host.id, cut), between: raw.peer, raw.host)
        for _ in 0..<3 {
            raw.send()
            raw.network.run(for: .milliseconds(10))
        }
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [10, 20, 30])
        // Of the answers, the first leaves at 10 ms.
        #expect(raw.peer.received.count == 2)
    }

    @Test("scripted delays are those of one sender, packet by packet, and then end")
    func scripted() {
        let probe = RawNetwork()
        let raw = RawNetwork(rules: [ScriptedDelays(from: probe.peer.id, [.milliseconds(7), .milliseconds(1)])])
        for _ in 0..<3 { raw.send() }
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [7, 1, 10])
        let answers = raw.network.trace.packets.filter { $0.sender == raw.host.id }
        #expect(answers.count == 3)
        for answer in answers { #expect(answer.fate == .arrived(answer.sentAt + .milliseconds(10))) }
    }

    @Test("a held packet is overtaken")
    func reordering() {
        let raw = RawNetwork()
        raw.network.addRule(
            SegmentFilter(.hold(back: .milliseconds(5)), ordinals: 1...1) { _, _ in true }, between: raw.peer, raw.host)
        raw.send(seq: 1)
        raw.send(seq: 2)
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [15, 10])
        #expect(raw.peer.received.map(\.seq.rawValue) == [2, 1])
    }

    @Test("a filter treats those segments that fit and whose turn it is")
    func filter() {
        let raw = RawNetwork()
        raw.network.addRule(
            SegmentFilter.dropping(2, from: raw.peer.id, with: .psh, textLength: 5), between: raw.peer, raw.host)
        for length in [5, 4, 9, 5] { raw.send([.psh, .ack], textLength: length) }
        raw.send(.ack, textLength: 5)
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [10, 10, nil, 10, 10])
        #expect(raw.network.trace.packets[2].fate == .lost("lost"))
    }

    @Test("a partition lets nothing through while it lasts, in either direction")
    func partition() {
        let cut = Partition(from: Instant(nanoseconds: 5_000_000), until: Instant(nanoseconds: 15_000_000))
        let raw = RawNetwork(rules: [cut])
        for _ in 0..<4 {
            raw.send()
            raw.network.run(for: .milliseconds(5))
        }
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [10, nil, nil, 25])
        // The answer to the first leaves at 10 ms.
        #expect(raw.peer.received.count == 1)
    }

    @Test("a duplicated packet arrives twice, the copy later")
    func duplication() {
        let raw = RawNetwork(rules: [Always(answer: .duplicate(after: .milliseconds(4)))])
        raw.send()
        raw.network.run(for: .milliseconds(15))
        #expect(raw.arrivals == [10, 14])
        #expect(raw.network.trace.packets.prefix(2).map(\.copyOf) == [nil, 0])
        #expect(raw.host.counters.packetsReceived == 2)
    }

    @Test("a damaged packet arrives, and its checksum gives it away", arguments: [3, 8 * 30, 8 * 45])
    func corruption(bit: Int) {
        let raw = RawNetwork(rules: [Always(answer: .corrupt(bit: bit))])
        raw.send(textLength: 10)
        raw.network.run(for: .milliseconds(15))
        #expect(raw.arrivals == [10])
        #expect(raw.host.counters.packetsDropped == 1)
        #expect(raw.host.counters[.closedPort] == 0)
    }

    @Test("chance is as frequent as it was asked for")
    func frequency() {
        let raw = RawNetwork(rules: [RandomLoss(perMille: 250)])
        for _ in 0..<4_000 { raw.send(.rst) }
        raw.network.runUntilIdle(limit: 10_000)
        let lost = raw.arrivals.count { $0 == nil }
        #expect((900...1_100).contains(lost))
    }

    @Test("random duplication, reordering and corruption happen, to the same packets too")
    func randomFaults() {
        let raw = RawNetwork(rules: [
            RandomDuplication(perMille: 300, delay: .milliseconds(5)),
            RandomReordering(perMille: 300, delay: .milliseconds(5)), RandomCorruption(perMille: 300),
        ])
        for _ in 0..<1_000 { raw.send(.rst) }
        raw.network.runUntilIdle(limit: 10_000)
        let packets = raw.network.trace.packets
        #expect(packets.contains { $0.copyOf != nil })
        #expect(packets.contains { $0.damagedBytes != nil })
        #expect(raw.arrivals.allSatisfy { ($0 ?? 0) >= 10 && ($0 ?? 99) <= 20 })
        #expect(raw.arrivals.contains { ($0 ?? 0) > 10 })
    }
}

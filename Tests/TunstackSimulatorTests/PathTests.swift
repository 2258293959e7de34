import TestSupport
import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

/// Two raw peers with a path between them; what is sent does not matter to either.
private struct PathNetwork {
    let network: SimulatedNetwork
    let left: RawPeer
    let right: RawPeer

    init(_ path: String, reverse: String? = nil, seed: UInt64 = 1) throws {
        network = SimulatedNetwork(seed: seed)
        left = network.addRawPeer("left", IPv4Address(10, 0, 0, 1))
        right = network.addRawPeer("right", IPv4Address(10, 0, 0, 2))
        network.link(
            left, right, path: try PathConditions(parsing: path),
            reverse: try reverse.map { text in try PathConditions(parsing: text) })
    }

    /// Sends packets of so many bytes in all, and lets time pass after each.
    func send(_ count: Int, bytes: Int = 1_500, ecn: UInt8 = 0, pause: Interval = .zero, backward: Bool = false) {
        let (from, to) = backward ? (right, left) : (left, right)
        for number in 0..<count {
            network.inject(packet(from.address, to.address, bytes, ecn, number), from: from)
            if pause > .zero { network.run(for: pause) }
        }
    }

    private func packet(
        _ source: IPv4Address, _ destination: IPv4Address, _ length: Int, _ ecn: UInt8, _ number: Int
    ) -> [UInt8] {
        let tcp = TCPHeader(
            sourcePort: 1, destinationPort: 2, sequenceNumber: SequenceNumber(UInt32(number)),
            acknowledgmentNumber: SequenceNumber(0), flags: .ack, window: 1, urgentPointer: 0, options: TCPOptions())
        let text = [UInt8](repeating: 0x55, count: length - 40)
        var sum = InternetChecksum()
        text.withRawSpan { sum.add($0) }
        let checksum = tcp.checksum(
            source: source, destination: destination, payloadChecksum: sum, payloadLength: text.count)
        let ip = IPv4Header(
            source: source, destination: destination, protocolNumber: .tcp, payloadLength: length - 20, ecn: ecn,
            identification: UInt16(truncatingIfNeeded: number))
        return [UInt8](rawCapacity: length) { output in
            ip.append(to: &output)
            tcp.append(to: &output, checksum: checksum)
            text.withRawSpan { output.append(bytes: $0) }
        }
    }

    func finish() { network.runUntilIdle(limit: 1_000_000) }

    /// When packets arrived at the right, in nanoseconds, in the order of sending; nil for lost ones.
    var arrivals: [Int64?] {
        network.trace.packets.filter { $0.sender == left.id }.map { packet in
            guard case .arrived(let time) = packet.fate else { return nil }
            return time.nanoseconds
        }
    }

    func losses(_ reason: String) -> Int { network.trace.packets.count { $0.fate == .lost(reason) } }
}

@Suite("Paths")
struct PathTests {
    @Test("1,000 packets of 1,500 bytes at 12 Mbit/s take one second, and each leaves in its millisecond")
    func rate() throws {
        let path = try PathNetwork("rate=12mbit delay=20ms")
        path.send(1_000)
        path.finish()
        #expect(path.arrivals == (1...1_000).map { 20_000_000 + $0 * 1_000_000 })
    }

    @Test("at a rate that divides no packet's time, fractions add up: 7,000 packets at 7 Mbit/s take 12 s exactly")
    func fractions() throws {
        let path = try PathNetwork("rate=7mbit queue=7000")
        path.send(7_000)
        path.finish()
        #expect(path.arrivals[0] == 1_714_286)
        #expect(path.arrivals[6] == 12_000_000)
        #expect(path.arrivals.last == 12_000_000_000)
    }

    @Test("the two directions have a queue each, and a packet that finds its queue idle leaves at once")
    func directions() throws {
        let path = try PathNetwork("rate=12mbit")
        path.send(3)
        path.send(3, backward: true)
        path.finish()
        #expect(path.network.now == Instant(nanoseconds: 3_000_000))
        path.network.run(until: Instant(nanoseconds: 10_000_000))
        path.send(1)
        path.finish()
        #expect(path.network.now == Instant(nanoseconds: 11_000_000))
    }

    @Test("the reverse direction can be another path")
    func reverse() throws {
        let path = try PathNetwork("delay=3ms mtu=100/silent", reverse: "delay=40ms rate=12mbit")
        path.send(1, bytes: 100)
        path.send(1)
        path.send(1, backward: true)
        path.finish()
        #expect(path.arrivals == [3_000_000, nil])
        #expect(path.network.now == Instant(nanoseconds: 41_000_000))
    }

    @Test("the queue holds as many packets as it was given, and drops those that come when it is full")
    func queue() throws {
        let path = try PathNetwork("rate=12mbit queue=10")
        path.send(25)
        #expect(path.losses("queue full") == 15)
        path.network.run(for: .microseconds(3_500))
        path.send(5)
        path.finish()
        #expect(path.losses("queue full") == 17)
        #expect(path.arrivals.compactMap { $0 }.last == 13_000_000)
    }

    @Test("loss comes after the queue: a lost packet has taken its time of the rate")
    func order() throws {
        let path = try PathNetwork("rate=12mbit loss=50%")
        path.send(100)
        path.finish()
        for (index, arrival) in path.arrivals.enumerated() {
            #expect(arrival == nil || arrival == Int64(index + 1) * 1_000_000)
        }
        #expect((30...70).contains(path.losses("lost")))
    }

    @Test(
        "above the threshold ECT becomes CE with a right checksum, and other packets pass as they are",
        .requirement("RFC3168 §5"), arguments: [0, 1, 2, 3] as [UInt8])
    func marking(ecn: UInt8) throws {
        let path = try PathNetwork("rate=12mbit ecn=4")
        var seen: [IPv4Header] = []
        path.network.observePackets { sighting in
            guard sighting.kind == .arrived else { return }
            do throws(WireError) {
                seen.append(
                    try sighting.bytes.withRawSpan { bytes throws(WireError) in try IPv4Header(parsing: bytes) })
            } catch {
                Issue.record("the header's checksum is wrong")
            }
        }
        path.send(10, ecn: ecn)
        path.finish()
        #expect(seen.map(\.ecn) == Array(repeating: ecn, count: 4) + Array(repeating: ecn == 0 ? 0 : 3, count: 6))
        #expect(path.network.trace.packets.map(\.isMarked).count { $0 } == (ecn == 0 ? 0 : 6))
        #expect(path.network.trace.packets.allSatisfy { $0.damagedBytes == nil })
        #expect(path.right.received.count == 10)
    }

    @Test("bursts have the share and the mean length that were asked for", arguments: [1, 42] as [UInt64])
    func bursts(seed: UInt64) throws {
        let path = try PathNetwork("burst=5%/10", seed: seed)
        path.send(200_000, bytes: 40)
        path.finish()
        let lost = path.arrivals.map { $0 == nil }
        let starts = zip([false] + lost, lost).count { !$0 && $1 }
        let total = lost.count { $0 }
        #expect((9_000...11_000).contains(total))
        #expect((9.0...11.0).contains(Double(total) / Double(starts)))
    }

    @Test("the four numbers of Gilbert and Elliott are what they say")
    func gilbertElliott() throws {
        // Half the time in either state, 2 packets a visit: 10 % of one half and 60 % of the other are lost.
        let path = try PathNetwork("gilbert=50%/50%/10%/60%")
        path.send(50_000, bytes: 40)
        path.finish()
        #expect((17_000...18_000).contains(path.losses("lost in a burst")))
        let never = try PathNetwork("gilbert=100%/0%/0%/100%")
        never.send(10)
        never.finish()
        #expect(never.losses("lost in a burst") == 10)
    }

    @Test("jitter keeps the order unless it may not, and stays within its limit")
    func jitter() throws {
        for (text, keepsOrder) in [("delay=10ms jitter=5ms", true), ("delay=10ms jitter=5ms/reorder", false)] {
            let path = try PathNetwork(text)
            path.send(1_000, bytes: 40, pause: .microseconds(100))
            path.finish()
            let arrivals = path.arrivals.compactMap { $0 }
            let delays = zip(arrivals, 0...).map { $0 - $1 * 100_000 }
            #expect(arrivals.count == 1_000)
            #expect(delays.allSatisfy { (10_000_000...15_000_000).contains($0) })
            #expect(Set(delays).count > 100)
            #expect((arrivals == arrivals.sorted()) == keepsOrder)
            #expect(path.right.received.map(\.seq.rawValue).count == 1_000)
        }
    }

    @Test("reordering holds back the share that was asked for by just the time that was asked for")
    func reordering() throws {
        let path = try PathNetwork("delay=1ms reorder=5%/2ms")
        path.send(10_000, bytes: 40)
        path.finish()
        let late = path.arrivals.count { $0 == 3_000_000 }
        #expect((400...600).contains(late))
        #expect(path.arrivals.count { $0 == 1_000_000 } == 10_000 - late)
    }

    @Test("duplication and corruption happen as often as they were asked for")
    func faults() throws {
        let path = try PathNetwork("duplicate=10% corrupt=5%")
        path.send(10_000, bytes: 60)
        path.finish()
        let packets = path.network.trace.packets
        #expect((900...1_100).contains(packets.count { $0.copyOf != nil }))
        #expect((450...700).contains(packets.count { $0.damagedBytes != nil }))
    }

    @Test("a packet that is too large is dropped and its sender is told the MTU", .requirement("RFC1191 §4"))
    func fragmentationNeeded() throws {
        let path = try PathNetwork("delay=10ms mtu=1400")
        var answers: [(Instant, ICMPv4Message)] = []
        path.network.observePackets { [sender = path.left.id] sighting in
            guard sighting.kind == .arrived, sighting.receiver == sender else { return }
            do throws(WireError) {
                answers.append(
                    (
                        sighting.time,
                        try sighting.bytes.withRawSpan { bytes throws(WireError) in
                            try ICMPv4Message(parsing: bytes.extracting(20..<bytes.byteCount))
                        }
                    ))
            } catch {
                Issue.record("\(error)")
            }
        }
        path.send(1, bytes: 1_400)
        path.send(1, bytes: 1_401)
        path.finish()
        #expect(path.arrivals == [10_000_000, nil])
        #expect(answers.map(\.0) == [Instant(nanoseconds: 10_000_000)])
        #expect(answers.map(\.1) == [.destinationUnreachable(code: 4, nextHopMTU: 1_400)])
    }

    @Test("a black hole says nothing, and an ICMP packet is never answered with an error")
    func blackHole() throws {
        let silent = try PathNetwork("mtu=1400/silent")
        silent.send(2)
        silent.finish()
        #expect(silent.network.packetCount == 2)
        #expect(silent.losses("too large for the path") == 2)
        let small = try PathNetwork("mtu=68", reverse: "mtu=68 loss=100%")
        small.send(1)
        small.finish()
        #expect(small.network.packetCount == 2)
    }

    @Test("a stack learns the path's MTU from the answer, and its stream arrives whole")
    func stackLearnsMTU() throws {
        let network = SimulatedNetwork(seed: 1)
        let client = network.addHost("client", IPv4Address(10, 0, 0, 1))
        let server = network.addHost("server", IPv4Address(10, 0, 0, 2))
        network.link(client, server, path: try PathConditions(parsing: "delay=10ms mtu=1400"))
        try server.listen(on: 80) { Reader() }
        try client.open(to: server.endpoint(80), Sender(50_000, closes: true))
        network.run(for: .seconds(60))
        #expect(server.accepted.first?.bytesReceived == 50_000)
        #expect(server.accepted.first?.isIntact == true)
        #expect(network.trace.packets.contains { $0.fate == .lost("too large for the path") })
    }

    @Test("the same seed gives the same bytes at the same times over a path that does everything")
    func determinism() throws {
        func trace(_ seed: UInt64) throws -> PacketTrace {
            let network = SimulatedNetwork(seed: seed)
            let client = network.addHost("client", IPv4Address(10, 0, 0, 1), clockSkew: 80)
            let server = network.addHost("server", IPv4Address(10, 0, 0, 2), clockSkew: -120)
            let text = "loss=1% burst=1%/3 delay=5ms jitter=1ms rate=20mbit queue=20 ecn=5 reorder=2%/1ms duplicate=1% "
            network.link(client, server, path: try PathConditions(parsing: text + "corrupt=1% mtu=1400"))
            try server.listen(on: 80) { Reader() }
            try client.open(to: server.endpoint(80), Sender(100_000, closes: true))
            network.run(for: .seconds(120))
            #expect(server.accepted.first?.bytesReceived == 100_000)
            #expect(server.accepted.first?.isIntact == true)
            return network.trace
        }
        let (first, again, other) = (try trace(5), try trace(5), try trace(6))
        #expect(first.pcapng(name: "link", capturedAt: .sender) == again.pcapng(name: "link", capturedAt: .sender))
        #expect(first.packets.map(\.fate) == again.packets.map(\.fate))
        #expect(first.packets.map(\.fate) != other.packets.map(\.fate))
    }
}

import TestSupport
import Testing
import TunstackCore
import TunstackSimulator
import TunstackWire

@Suite("Virtual time")
struct SimulatedNetworkTests {
    @Test("things happen in order of time, and at one instant in the order in which they were planned")
    func order() {
        let network = SimulatedNetwork(seed: 1)
        var happened: [Int] = []
        for (index, delay) in [30, 10, 20, 10, 30, 0].enumerated() as EnumeratedSequence<[Int64]> {
            network.after(.milliseconds(delay)) { happened.append(index) }
        }
        #expect(network.runUntilIdle(limit: 100))
        #expect(happened == [5, 1, 3, 2, 0, 4])
        #expect(network.now == Instant(nanoseconds: 30_000_000))
    }

    @Test("many events come out sorted, first come first served")
    func manyEvents() {
        let network = SimulatedNetwork(seed: 1)
        var random = SplitMix64(seed: 7)
        var happened: [(time: Int64, index: Int)] = []
        for index in 0..<2_000 {
            let delay = Int64.random(in: 0..<100, using: &random)
            network.after(.milliseconds(delay)) { happened.append((delay, index)) }
        }
        network.runUntilIdle(limit: 2_000)
        #expect(happened.count == 2_000)
        #expect(
            happened.map { [$0.time, Int64($0.index)] }
                == happened.sorted { $0 < $1 }.map { [$0.time, Int64($0.index)] })
    }

    @Test("running until a time does what is due by then, and it is that time")
    func runUntil() {
        let network = SimulatedNetwork(seed: 1)
        var happened = 0
        for delay in [5, 10, 11] as [Int64] { network.after(.milliseconds(delay)) { happened += 1 } }
        network.run(for: .milliseconds(10))
        #expect(happened == 2)
        #expect(network.now == Instant(nanoseconds: 10_000_000))
        network.run(until: Instant(nanoseconds: 5))
        #expect(network.now == Instant(nanoseconds: 10_000_000))
    }

    @Test("running until idle stops at its limit")
    func limit() {
        let network = SimulatedNetwork(seed: 1)
        var happened = 0
        func again() {
            happened += 1
            if happened < 60 { network.after(.seconds(1), again) }
        }
        again()
        #expect(!network.runUntilIdle(limit: 50))
        #expect(happened == 51)
        #expect(network.runUntilIdle(limit: 50))
        #expect(happened == 60)
        #expect(SimulatedNetwork(seed: 1).runUntilIdle(limit: 0))
    }

    @Test("a network goes in the midst of its work when nobody has it, a host or a socket any more")
    func ownership() throws {
        weak var observed: SimulatedNetwork?
        do {
            let raw = RawNetwork()
            observed = raw.network
            let filter = SegmentFilter(.hold(back: .seconds(1))) { _, _ in true }
            raw.network.addRule(OneWay(from: raw.peer.id, filter), between: raw.peer, raw.host)
            let client = raw.network.addHost("client", IPv4Address(10, 0, 0, 3))
            raw.network.link(client, raw.host, latency: .milliseconds(10))
            try raw.host.listen(on: 2_000) { EchoServer(thinkTimes: [.seconds(10)]) }
            let socket = try client.open(to: raw.host.endpoint(2_000), Sender(1_000, closes: false))
            let recorder = FlowRecorder(socket)
            raw.network.run(for: .seconds(1))
            // A packet is on its way, and an application waits for its time to answer.
            raw.send(.psh)
            #expect(recorder.record.segments == 1)
            #expect(raw.host.accepted.first?.state == .established)
        }
        #expect(observed == nil)
    }

    @Test("a packet for an address that nobody has is lost, and so is one that is no packet")
    func nobody() {
        let raw = RawNetwork()
        raw.peer.send(
            .syn, from: 1, to: Endpoint(IPv4Address(10, 0, 0, 9), 80), seq: SequenceNumber(1))
        raw.network.inject([1, 2, 3], from: raw.peer)
        #expect(raw.network.trace.packets.map(\.fate) == Array(repeating: .lost("nobody has this address"), count: 2))
    }

    @Test("a host without power hears nothing, and afterwards knows nothing")
    func power() throws {
        let raw = RawNetwork()
        try raw.host.listen(on: 2_000) { Passive() }
        raw.host.powerOff()
        raw.send(.syn)
        raw.network.run(for: .milliseconds(50))
        #expect(raw.network.trace.packets.map(\.fate) == [.lost("nobody is there")])
        #expect(raw.host.nextDeadline == nil)
        raw.host.powerOn()
        raw.send(.syn)
        raw.network.run(for: .milliseconds(50))
        #expect(raw.peer.received.map(\.flags) == [[.rst, .ack]])
    }

    @Test("hosts have clocks of their own, and deadlines are kept on the network's")
    func clocks() throws {
        let network = SimulatedNetwork(seed: 1)
        let host = network.addHost("host", IPv4Address(10, 0, 0, 1), clockStart: .seconds(1_000))
        let peer = network.addRawPeer("peer", IPv4Address(10, 0, 0, 2))
        network.link(host, peer, latency: .milliseconds(1))
        #expect(host.clock == Instant(nanoseconds: 1_000_000_000_000))
        try host.open(to: Endpoint(peer.address, 80))
        network.run(until: Instant(nanoseconds: 4_000_000_000))
        let times = network.trace.sendTimes(from: host) { $0.flags == .syn }
        #expect(times.map { $0.nanoseconds / 1_000_000_000 } == [0, 1, 3])
    }

    @Test("a packet that waits at its receiver is handled after the wait")
    func receiveDelay() {
        let raw = RawNetwork()
        raw.host.setReceiveDelays([.milliseconds(4)])
        raw.send(seq: 1)
        raw.send(seq: 2)
        raw.network.runUntilIdle(limit: 100)
        #expect(raw.arrivals == [10, 10])
        let answers = raw.network.trace.packets.filter { $0.sender == raw.host.id }
        #expect(answers.map { $0.sentAt.nanoseconds / 1_000_000 } == [10, 14])
    }
}

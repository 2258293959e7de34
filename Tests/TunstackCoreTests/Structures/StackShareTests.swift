import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

@Suite("Shares of several stacks at one address")
struct StackShareTests {
    private static let local = IPv4Address(10, 0, 0, 2)
    private static let remote = IPv4Address(10, 0, 0, 1)

    private func shares(_ count: Int) -> [StackShare] {
        var random = SplitMix64(seed: 7)
        return StackShare.shares(count: count, random: &random)
    }

    private func key(_ localPort: UInt16, _ remotePort: UInt16) -> ConnectionKey {
        ConnectionKey(local: Endpoint(Self.local, Port(localPort)), remote: Endpoint(Self.remote, Port(remotePort)))
    }

    /// A SYN of the peer's.
    private func segment(to key: ConnectionKey) -> [UInt8] {
        let tcp = TCPHeader(
            sourcePort: key.remote.port, destinationPort: key.local.port, sequenceNumber: SequenceNumber(1),
            flags: .syn,
            window: 1)
        let ip = IPv4Header(
            source: Self.remote, destination: Self.local, protocolNumber: .tcp, payloadLength: tcp.headerLength)
        return [UInt8](rawCapacity: 60) { output in
            ip.append(to: &output)
            tcp.append(to: &output, checksum: 0)
        }
    }

    /// An ICMP error about a segment of ours, from the peer.
    private func error(about key: ConnectionKey) -> [UInt8] {
        var quoted = segment(to: key)
        quoted.swapAt(15, 19)
        quoted = quoted[..<20] + [quoted[22], quoted[23], quoted[20], quoted[21]] + quoted[24...]
        var bytes = [UInt8](rawCapacity: 20) { output in
            IPv4Header(
                source: Self.remote, destination: Self.local, protocolNumber: .icmp, payloadLength: 8 + quoted.count
            ).append(to: &output)
        }
        bytes += [3, 1, 0, 0, 0, 0, 0, 0] + quoted
        return bytes
    }

    @Test("segments of a connection and ICMP errors about it have one owner, whichever stack is asked")
    func oneOwner() {
        let shares = shares(5)
        for port in 1...200 as ClosedRange<UInt16> {
            let key = key(port, 5_000)
            let owner = shares[0].owner(of: key)
            for share in shares {
                #expect(segment(to: key).withRawSpan { share.owner(of: $0) } == owner)
                #expect(error(about: key).withRawSpan { share.owner(of: $0) } == owner)
                #expect(share.owns(key) == (share.index == owner))
            }
        }
    }

    @Test("connections are spread over all stacks", arguments: 1...7)
    func spread(count: Int) {
        let share = shares(count)[0]
        var owned = [Int](repeating: 0, count: count)
        for port in 1...7_000 as ClosedRange<UInt16> { owned[share.owner(of: key(9_877, port))] += 1 }
        for number in owned { #expect(abs(number - 7_000 / count) < 250) }
    }

    @Test("what is no connection's, and what is too short to tell, stays with the stack that got it")
    func othersStay() {
        let share = shares(3)[2]
        let whole = segment(to: key(1, 1))
        for length in 0..<24 {
            #expect(Array(whole.prefix(length)).withRawSpan { share.owner(of: $0) } == 2)
        }
        var random = SplitMix64(seed: 1)
        for length in 0..<300 {
            var bytes = random.bytes(length)
            #expect((0..<3).contains(bytes.withRawSpan { share.owner(of: $0) }))
            if length > 9 {
                bytes[0] = 0x40 | bytes[0] & 0xF
                bytes[9] = length & 1 == 0 ? 6 : 1
            }
            #expect((0..<3).contains(bytes.withRawSpan { share.owner(of: $0) }))
        }
    }

    @Test("an active open takes an ephemeral port that makes the connection its own")
    func ephemeralPorts() throws {
        for share in shares(4) {
            var stack = stack(share)
            for _ in 0..<50 {
                let id = try stack.open(to: Endpoint(Self.remote, 80), at: .origin)
                let key = try #require(stack.status(id)?.key)
                #expect(share.owns(key))
            }
        }
    }

    @Test("an active open from a port that makes the connection another stack's is refused")
    func foreignPort() throws {
        let shares = shares(2)
        let remote = Endpoint(Self.remote, 80)
        for port in 1_000...1_020 as ClosedRange<UInt16> {
            let owner = shares[0].owner(of: key(port, 80))
            for share in shares {
                var stack = stack(share)
                let local = Endpoint(Self.local, Port(port))
                if share.index == owner {
                    _ = try stack.open(to: remote, from: local, at: .origin)
                } else {
                    #expect(throws: OpenError.addressNotAvailable) {
                        try stack.open(to: remote, from: local, at: .origin)
                    }
                }
            }
        }
    }

    private func stack(_ share: StackShare) -> Stack {
        var configuration = StackConfiguration(address: IPv4Network(Self.local, prefixLength: 24))
        configuration.share = share
        var random = SplitMix64(seed: UInt64(share.index))
        return Stack(configuration: configuration, random: &random, at: .origin)
    }
}

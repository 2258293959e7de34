import TestSupport
import Testing
import TunstackWire

@Suite("Descriptions of packets in tcpdump's form")
struct PacketDescriberTests {
    private let a = IPv4Address(10, 77, 0, 1)
    private let b = IPv4Address(10, 77, 0, 2)

    private func describe(_ bytes: [UInt8]) -> String {
        var describer = PacketDescriber()
        return bytes.withRawSpan { describer.describe($0) }
    }

    private func header(_ flags: TCPFlags, sequence: UInt32 = 1000, acknowledgment: UInt32 = 2000) -> TCPHeader {
        TCPHeader(
            sourcePort: 40000, destinationPort: 9877, sequenceNumber: SequenceNumber(sequence),
            acknowledgmentNumber: SequenceNumber(acknowledgment), flags: flags, window: 512, urgentPointer: 3)
    }

    @Test(
        "sequence numbers are shown with data, SYN, FIN and RST, the acknowledgment with ACK, the pointer with URG",
        .requirement("mission B5"),
        arguments: [
            (.syn, 0, "Flags [S], seq 1000, win 512, length 0"),
            ([.syn, .ack], 0, "Flags [S.], seq 1000, ack 2000, win 512, length 0"),
            (.ack, 0, "Flags [.], ack 2000, win 512, length 0"),
            (.ack, 5, "Flags [.], seq 1000:1005, ack 2000, win 512, length 5"),
            ([.fin, .ack], 0, "Flags [F.], seq 1000, ack 2000, win 512, length 0"),
            ([.fin, .psh, .ack], 5, "Flags [FP.], seq 1000:1005, ack 2000, win 512, length 5"),
            (.rst, 0, "Flags [R], seq 1000, win 512, length 0"),
            ([.psh, .ack, .urg], 5, "Flags [P.U], seq 1000:1005, ack 2000, win 512, urg 3, length 5"),
            ([], 0, "Flags [none], win 512, length 0"),
        ] as [(TCPFlags, Int, String)])
    func fields(flags: TCPFlags, payloadLength: Int, text: String) {
        #expect(PacketDescriber.describe(tcp: header(flags), payloadLength: payloadLength) == text)
        let bytes = packet(header(flags), from: a, to: b, payload: countingBytes(payloadLength))
        #expect(describe(bytes) == "IP 10.77.0.1.40000 > 10.77.0.2.9877: \(text)")
    }

    @Test("options are described in the order of the wire")
    func options() {
        let options = TCPOptionSequence([
            .windowScale(7), .unknown(kind: 76, length: 4), .noOperation, .sackPermitted, .maximumSegmentSize(536),
            .unknown(kind: 99, length: 2), .timestamps(TCPTimestamps(value: 1, echoReply: 2)), .endOfList,
        ])
        var bytes = packet(header(.syn), from: a, to: b)
        bytes.replaceSubrange(40..., with: options.bytes)
        bytes[3] = UInt8(bytes.count)
        bytes[32] = UInt8(5 + options.bytes.count / 4) << 4
        #expect(
            describe(bytes) == "IP 10.77.0.1.40000 > 10.77.0.2.9877: Flags [S], seq 1000, win 512, options "
                + "[wscale 7,unknown-76 0x0000,nop,sackOK,mss 536,unknown-99,TS val 1 ecr 2,eol], length 0")
    }

    @Test("a bad option length is noted, and so is a known option of the wrong length")
    func badOptions() {
        var bytes = packet(header(.syn), from: a, to: b) + [1, 3, 2, 1, 254, 9, 0, 0]
        bytes[3] = 48
        bytes[32] = 0x70
        #expect(
            describe(bytes) == "IP 10.77.0.1.40000 > 10.77.0.2.9877: Flags [S], seq 1000, win 512, options "
                + "[nop,unknown-3,nop,[bad opt]], length 0")
    }

    @Test(
        "ICMP messages are named as tcpdump names them",
        arguments: [
            (.echoRequest(identifier: 1, sequence: 2), "echo request, id 1, seq 2"),
            (.echoReply(identifier: 1, sequence: 2), "echo reply, id 1, seq 2"),
            (.destinationUnreachable(code: 0, nextHopMTU: 0), "net 10.77.0.1 unreachable"),
            (.destinationUnreachable(code: 1, nextHopMTU: 0), "host 10.77.0.1 unreachable"),
            (.destinationUnreachable(code: 2, nextHopMTU: 0), "10.77.0.1 protocol 6 unreachable"),
            (.destinationUnreachable(code: 3, nextHopMTU: 0), "10.77.0.1 tcp port 9877 unreachable"),
            (.destinationUnreachable(code: 4, nextHopMTU: 0), "10.77.0.1 unreachable - need to frag"),
            (.destinationUnreachable(code: 4, nextHopMTU: 1400), "10.77.0.1 unreachable - need to frag (mtu 1400)"),
            (.destinationUnreachable(code: 5, nextHopMTU: 0), "10.77.0.1 unreachable - source route failed"),
            (.destinationUnreachable(code: 6, nextHopMTU: 0), "net 10.77.0.1 unreachable - unknown"),
            (.destinationUnreachable(code: 7, nextHopMTU: 0), "host 10.77.0.1 unreachable - unknown"),
            (.destinationUnreachable(code: 8, nextHopMTU: 0), "10.77.0.1 unreachable - source host isolated"),
            (.destinationUnreachable(code: 9, nextHopMTU: 0), "net 10.77.0.1 unreachable - admin prohibited"),
            (.destinationUnreachable(code: 10, nextHopMTU: 0), "host 10.77.0.1 unreachable - admin prohibited"),
            (.destinationUnreachable(code: 11, nextHopMTU: 0), "net 10.77.0.1 unreachable - tos prohibited"),
            (.destinationUnreachable(code: 12, nextHopMTU: 0), "host 10.77.0.1 unreachable - tos prohibited"),
            (
                .destinationUnreachable(code: 13, nextHopMTU: 0),
                "host 10.77.0.1 unreachable - admin prohibited filter"
            ),
            (
                .destinationUnreachable(code: 14, nextHopMTU: 0),
                "host 10.77.0.1 unreachable - host precedence violation"
            ),
            (.destinationUnreachable(code: 15, nextHopMTU: 0), "host 10.77.0.1 unreachable - precedence cutoff"),
            (.destinationUnreachable(code: 16, nextHopMTU: 0), "10.77.0.1 unreachable - #16"),
            (.sourceQuench, "source quench"),
            (.timeExceeded(code: 0), "time exceeded in-transit"),
            (.timeExceeded(code: 1), "ip reassembly time exceeded"),
            (.timeExceeded(code: 2), "time exceeded-#2"),
            (.parameterProblem(pointer: 9), "parameter problem - octet 9"),
            (.other(type: 12, code: 1), "parameter problem - code 1"),
            (.other(type: 42, code: 0), "type-#42"),
        ] as [(ICMPv4Message, String)])
    func icmp(message: ICMPv4Message, text: String) {
        let quoted = Array(packet(header(.syn), from: b, to: a)[..<28])
        let bytes = [UInt8](rawCapacity: 2048) { output in
            quoted.withRawSpan { message.append(to: &output, payload: $0) }
        }
        #expect(
            describe(packet(.icmp, from: a, to: b, payload: bytes))
                == "IP 10.77.0.1 > 10.77.0.2: ICMP \(text), length 36")
    }

    @Test("a quoted packet's port is named with its protocol, if it is there")
    func quotedPorts() {
        var quoted = Array(packet(header(.syn), from: b, to: a)[..<28])
        func line(_ quoted: [UInt8]) -> String {
            let message = ICMPv4Message.destinationUnreachable(code: 3, nextHopMTU: 0)
            let bytes = [UInt8](rawCapacity: 2048) { output in
                quoted.withRawSpan { message.append(to: &output, payload: $0) }
            }
            return describe(packet(.icmp, from: a, to: b, payload: bytes))
        }
        quoted[9] = 17
        #expect(line(quoted).contains("ICMP 10.77.0.1 udp port 9877 unreachable"))
        quoted[9] = 132
        #expect(line(quoted).contains("ICMP 10.77.0.1 protocol 132 port 9877 unreachable"))
        #expect(line(Array(quoted[..<23])).contains("ICMP 10.77.0.1 port unreachable"))
        #expect(line(Array(quoted[..<19])).contains("ICMP unreachable [|icmp]"))
    }

    @Test("other protocols, fragments and IPv6 get a line as well")
    func others() {
        let datagram: [UInt8] = [0x9C, 0x40, 0x26, 0x95, 0, 12, 0, 0, 1, 2, 3, 4]
        #expect(
            describe(packet(.udp, from: a, to: b, payload: datagram))
                == "IP 10.77.0.1.40000 > 10.77.0.2.9877: UDP, length 4")
        #expect(
            describe(packet(IPProtocol(rawValue: 253), from: a, to: b, payload: countingBytes(9)))
                == "IP 10.77.0.1 > 10.77.0.2:  ip-proto-253 9")
        var fragment = packet(header(.ack), from: a, to: b)
        fragment[7] = 1
        #expect(describe(fragment) == "IP 10.77.0.1 > 10.77.0.2: ip-proto-6")
        var solicitation: [UInt8] = [0x60, 0, 0, 0, 0, 8, 58, 255, 0xFE, 0x80] + repeatElement(0, count: 13) + [1]
        solicitation += [0xFF, 2] + repeatElement(0, count: 13) + [2] + repeatElement(0, count: 8)
        #expect(describe(solicitation) == "IP6 fe80::1 > ff02::2: ip-proto-58 8")
    }

    @Test("broken packets are described by what is broken")
    func broken() {
        let whole = packet(header(.syn), from: a, to: b)
        func changed(_ offset: Int, to value: UInt8) -> String {
            var bytes = whole
            bytes[offset] = value
            return describe(bytes)
        }
        #expect(describe([]) == "IP [|ip]")
        #expect(describe(Array(whole[..<19])) == "IP [|ip]")
        #expect(describe([0x60]) == "IP6 [|ip6]")
        #expect(changed(0, to: 0x75) == "IP7 wrong version")
        #expect(changed(0, to: 0x44) == "IP bad-hlen 16")
        #expect(changed(3, to: 19) == "IP bad-len 19")
        #expect(changed(3, to: 41) == "IP truncated-ip - 1 bytes missing!")
        #expect(describe(Array(whole[..<30])) == "IP truncated-ip - 10 bytes missing!")
        #expect(changed(3, to: 39) == "IP 10.77.0.1 > 10.77.0.2: [|tcp]")
        #expect(
            changed(32, to: 0x40)
                == "IP 10.77.0.1.40000 > 10.77.0.2.9877: tcp 20 [bad hdr length 16 - too short, < 20]")
        #expect(
            changed(32, to: 0x60)
                == "IP 10.77.0.1.40000 > 10.77.0.2.9877: tcp 20 [bad hdr length 24 - too long, > 20]")
        #expect(describe(packet(.udp, from: a, to: b, payload: [1, 2, 3])) == "IP 10.77.0.1 > 10.77.0.2: [|udp]")
        #expect(
            describe(packet(.icmp, from: a, to: b, payload: [8, 0, 0])) == "IP 10.77.0.1 > 10.77.0.2: ICMP [|icmp]")
    }
}

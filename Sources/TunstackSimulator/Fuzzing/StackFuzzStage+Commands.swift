import TunstackCore
import TunstackWire

/// The numbers that matter to a stack at a moment: where its windows begin and end.
struct StackEdges {
    let rcvNext: SequenceNumber
    /// One past the last number that the stack takes.
    let rcvEdge: SequenceNumber
    let sndUna: SequenceNumber
    let sndNext: SequenceNumber
    let mss: Int
    /// The stack's timestamp clock, as it was seen last.
    let clock: UInt32

    init(_ stage: StackFuzzStage) {
        let seen = stage.lastSeen
        let seenEnd = seen.map { $0.seq + $0.length } ?? SequenceNumber(0)
        clock = seen?.header.options.timestamps?.value ?? 0
        guard let status = stage.socket?.status, status.state != .synSent else {
            // A half-open entry, a TIME-WAIT record, or nothing: what was on the wire is all there is to know.
            rcvNext = seen?.flags.contains(.ack) == true ? seen?.ack ?? StackFuzzStage.peerISS : StackFuzzStage.peerISS
            rcvEdge = rcvNext + Int(seen?.header.window ?? 0)
            sndUna = seen?.seq ?? SequenceNumber(0)
            sndNext = seenEnd
            mss = 536
            return
        }
        rcvNext = status.receiveNext
        rcvEdge = status.receiveNext + status.receiveWindow
        sndUna = status.sendUnacknowledged
        sndNext = status.sendNext
        mss = status.maximumSegmentSize
    }
}

/// A segment of the peer's.
struct PeerSegment {
    var flags: TCPFlags
    var seq: SequenceNumber
    var ack = SequenceNumber(0)
    var window: UInt16 = 65_535
    var urgentPointer: UInt16 = 0
    var options = TCPOptions()
    var textLength = 0

    /// The packet. Its text follows from its numbers, so that the peer never contradicts itself.
    func packet(to stage: StackFuzzStage) -> [UInt8] {
        let header = TCPHeader(
            sourcePort: StackFuzzStage.peerPort, destinationPort: StackFuzzStage.servicePort, sequenceNumber: seq,
            acknowledgmentNumber: ack, flags: flags, window: window, urgentPointer: urgentPointer, options: options)
        let start = seq + (flags.contains(.syn) ? 1 : 0)
        let place = Int(start.rawValue &- (StackFuzzStage.peerISS + 1).rawValue) % PatternStream.period
        let text = PatternStream.withBytes(from: place, count: textLength) { span in
            [UInt8](rawCapacity: span.byteCount) { $0.append(bytes: span) }
        }
        return [UInt8](segment: header, from: stage.peer.address, to: IPAddress(stage.host.address), text: text)
    }
}

extension StackFuzzStage {
    /// Does what the input says next.
    func obey(_ input: inout FuzzInput) {
        switch input.byte() % 16 {
        case 0...8:
            let segment = segment(&input)
            // A SYN that can begin no connection now might do so later.
            deliver(segment.packet(to: self), mayComeAgain: !segment.flags.contains(.syn) || mayOpen)
        case 9, 10: obeyCall(&input)
        case 11, 12: obeyClock(&input)
        case 13: deliver(icmp(&input))
        case 14: deliver(damaged(lastPacket, &input))
        default: deliver(lastPacket)
        }
    }

    private func obeyCall(_ input: inout FuzzInput) {
        switch input.byte() % 12 {
        case 0, 1, 2:
            let count = input.pick([1, 100, 1_460, 5_000, 70_000])
            let flags = input.pick([[], .more, .urgent, []] as [SendFlags])
            call { socket throws(ConnectionError) in try socket.send(count: count, flags: flags) }
        case 3, 4, 5:
            let limit = input.pick([.max, 1, 100, 10_000])
            call { socket throws(ConnectionError) in _ = try socket.receive(atMost: limit) }
        case 6: call { socket throws(ConnectionError) in try socket.close() }
        case 7: call { socket in socket.abort() }
        case 8: call { socket in socket.release() }
        case 9: input.isSet() ? open() : listen()
        case 10: input.isSet() ? closeListener() : listen()
        default: changeOptions(&input)
        }
    }

    private func changeOptions(_ input: inout FuzzInput) {
        let bits = input.byte()
        call { socket throws(ConnectionError) in
            var options = try self.host.core.stack.options(of: socket.id)
            options.corked = bits & 1 != 0
            options.noDelay = bits & 2 != 0
            options.userTimeout = bits & 4 != 0 ? .seconds(5) : nil
            options.keepAlive = bits & 8 != 0 ? KeepAlive() : nil
            try self.host.core.stack.setOptions(options, of: socket.id, at: self.host.clock)
            self.host.core.pump()
        }
    }

    private func obeyClock(_ input: inout FuzzInput) {
        switch input.byte() % 8 {
        case 0, 1, 2, 3: passToDeadline()
        case 4: pass(.milliseconds(1))
        case 5: pass(.milliseconds(Int64(input.byte())))
        case 6: pass(.seconds(Int64(input.byte())))
        default: pass(input.pick([.seconds(7_200), .seconds(86_400), .seconds(86_400 * 30)]))
        }
    }

    // MARK: Segments

    private static let usualFlags: [TCPFlags] = [
        .ack, [.psh, .ack], [.fin, .ack], .ack, .syn, [.syn, .ack], .rst, [.rst, .ack], [.fin, .psh, .ack],
        [.urg, .ack], [.ack, .ece], [.ack, .cwr], [.syn, .ece, .cwr], [],
    ]

    private func segment(_ input: inout FuzzInput) -> PeerSegment {
        let edges = StackEdges(self)
        let choice = Int(input.byte())
        let isUsual = choice < 240
        let flags =
            isUsual ? Self.usualFlags[choice % Self.usualFlags.count] : TCPFlags(rawValue: UInt16(input.byte()))
        var segment = PeerSegment(flags: flags, seq: sequenceNumber(edges, &input))
        segment.ack = acknowledgmentNumber(edges, &input)
        segment.window = input.pick([65_535, 0, 1, 100, 1_000, 8_192, UInt16(clamping: edges.mss)])
        if flags.contains(.urg) { segment.urgentPointer = UInt16(input.word()) }
        let toEdge = edges.rcvEdge - segment.seq
        let length = input.pick([0, 0, 1, edges.mss, toEdge, toEdge + 1, toEdge - 1, 500, 2, 1_460])
        segment.textLength = min(max(0, length), 1_400)
        addOptions(to: &segment, edges, &input)
        if flags.contains(.syn), mayOpen { segment.seq = Self.congruent(segment.seq) }
        return segment
    }

    private func sequenceNumber(_ edges: StackEdges, _ input: inout FuzzInput) -> SequenceNumber {
        let known = input.pick([
            edges.rcvNext, edges.rcvNext, edges.rcvNext, edges.rcvEdge, edges.rcvEdge - edges.mss,
            edges.rcvNext + edges.mss, edges.rcvNext - edges.mss, Self.peerISS, edges.rcvNext + (1 << 30),
            edges.rcvNext - (1 << 30),
        ])
        return known + input.offset()
    }

    private func acknowledgmentNumber(_ edges: StackEdges, _ input: inout FuzzInput) -> SequenceNumber {
        let known = input.pick([
            edges.sndNext, edges.sndNext, edges.sndUna, edges.sndUna, edges.sndUna + edges.mss,
            edges.sndUna - 65_535, edges.sndNext + (1 << 30), edges.sndUna - (1 << 30),
        ])
        return known + input.offset()
    }

    private func addOptions(to segment: inout PeerSegment, _ edges: StackEdges, _ input: inout FuzzInput) {
        let bits = input.byte()
        let now = UInt32(truncatingIfNeeded: host.clock.nanoseconds / 1_000_000 + 1)
        if segment.flags.contains(.syn) {
            segment.options = peerOptions
            if segment.options.timestamps != nil { segment.options.timestamps?.value = now }
            return
        }
        if (lastSeen?.header.options.timestamps != nil) != (bits & 0x80 != 0) {
            let value = now &+ input.pick([0, 0, 0, .max, 1, 1 << 31, 1 << 30])
            segment.options.timestamps = TCPTimestamps(
                value: value, echoReply: edges.clock &+ input.pick([0, 0, 0, .max, 1, 1 << 30, 1 << 31]))
        }
        for _ in 0..<Int(bits & 7) where bits & 0x40 != 0 {
            let start = input.pick([edges.sndUna, edges.sndUna + edges.mss, edges.sndNext]) + input.offset()
            let length = input.pick([edges.mss, 1, 0, 3 * edges.mss, -1, 1 << 30])
            segment.options.sackBlocks.append(SACKBlock(start: start, end: start + length))
        }
    }

    /// Whether a SYN can begin a connection now; if so its number must be one from which the text pattern can begin.
    private var mayOpen: Bool {
        var mayOpen = true
        host.core.stack.forEachConnection { line in
            guard line.remote?.port == Self.peerPort else { return }
            mayOpen = line.state == .synSent || line.state == .timeWait
        }
        return mayOpen
    }

    private static func congruent(_ number: SequenceNumber) -> SequenceNumber {
        let distance = Int(Int32(bitPattern: number.rawValue &- peerISS.rawValue))
        return peerISS + distance / PatternStream.period * PatternStream.period
    }

    // MARK: Other packets

    /// An ICMP message about a segment that the stack has sent, or might have.
    private func icmp(_ input: inout FuzzInput) -> [UInt8] {
        let edges = StackEdges(self)
        let code = input.byte() % 16
        let message: ICMPv4Message = input.pick([
            .destinationUnreachable(code: 4, nextHopMTU: UInt16(input.word())),
            .destinationUnreachable(code: 4, nextHopMTU: input.pick([576, 1_400, 68, 0, 1_499])),
            .destinationUnreachable(code: code, nextHopMTU: 0), .timeExceeded(code: code & 1),
            .parameterProblem(pointer: code), .sourceQuench, .echoRequest(identifier: 1, sequence: 1),
        ])
        let number = input.pick([edges.sndUna, edges.sndNext, edges.sndNext - 1]) + input.offset()
        let quoted = TCPHeader(
            sourcePort: Self.servicePort, destinationPort: Self.peerPort, sequenceNumber: number, flags: .ack,
            window: 0)
        let quote = [UInt8](segment: quoted, from: host.address, to: IPAddress(peer.address))
        let ip = IPv4Header(
            source: peer.address, destination: host.address, protocolNumber: .icmp,
            payloadLength: ICMPv4Message.headerLength + 28)
        return [UInt8](rawCapacity: ip.totalLength) { output in
            ip.append(to: &output)
            quote.withRawSpan { message.append(to: &output, payload: $0.extracting(first: 28)) }
        }
    }

    /// A packet with one byte changed, or cut off. No checksum is mended: damage to the numbers would make the peer
    /// contradict itself.
    private func damaged(_ packet: [UInt8], _ input: inout FuzzInput) -> [UInt8] {
        var packet = packet
        guard !packet.isEmpty else { return [input.byte()] }
        if input.isSet() {
            packet.removeLast(input.word() % packet.count)
        } else {
            packet[Int(input.byte()) % packet.count] ^= input.byte()
        }
        return packet
    }
}

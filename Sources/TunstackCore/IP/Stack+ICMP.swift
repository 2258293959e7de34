import TunstackWire

/// ICMP (RFC 792, RFC 1122 §3.2.2): answers echo requests, and tells connections what the network says about them.
extension Stack {
    mutating func receiveICMP(_ payload: RawSpan, header: IPv4Header, isToGroup: Bool) -> DropReason? {
        let message: ICMPv4Message
        do throws(WireError) {
            message = try ICMPv4Message(parsing: payload)
        } catch {
            return .malformedICMP
        }
        let quoted = payload.extracting(ICMPv4Message.headerLength..<payload.byteCount)
        switch message {
        case .echoRequest(let identifier, let sequence):
            // RFC 1122 §3.2.2.6 lets a host ignore echo requests to a group.
            guard !isToGroup else { return .ignoredICMP }
            let reply = ICMPv4Message.echoReply(identifier: identifier, sequence: sequence)
            send(reply, payload: quoted, from: header.destination, to: header.source)
            return nil
        case .destinationUnreachable(let code, let nextHopMTU):
            return deliver(quoted, .unreachable(code: code), nextHopMTU: Int(nextHopMTU))
        case .timeExceeded(let code):
            return deliver(quoted, .timeExceeded(code: code))
        case .parameterProblem(let pointer):
            return deliver(quoted, .parameterProblem(pointer: pointer))
        case .sourceQuench, .echoReply, .other:
            // RFC 9293 §3.9.2.2, MUST-55: Source Quench is dropped silently.
            return .ignoredICMP
        }
    }

    /// Hands an ICMP error to the connection whose segment it quotes (RFC 9293 §3.9.2.2, MUST-54).
    private mutating func deliver(_ quoted: RawSpan, _ error: SoftError, nextHopMTU: Int = 0) -> DropReason? {
        let quote: QuotedTCPPacket
        do throws(WireError) {
            quote = try QuotedTCPPacket(parsing: quoted)
        } catch {
            return .malformedICMP
        }
        let key = ConnectionKey(local: quote.source, remote: quote.destination)
        switch find(key) {
        case .some(let entry) where entry.kind == .connection:
            let taken = connections[entry.index].icmpArrives(
                error, about: quote.sequenceNumber, nextHopMTU: nextHopMTU, &environment)
            refresh(entry.index)
            return taken ? nil : .unmatchedICMP
        case .some(let entry) where entry.kind == .halfOpen:
            return icmpArrives(error, atHalfOpen: entry.index, about: quote.sequenceNumber)
        default:
            return .unmatchedICMP
        }
    }

    /// RFC 1122 §3.2.2.1: for UDP nobody listens at any port, and other protocols are not spoken. TCP answers with resets instead.
    mutating func sendUnreachable(answering packet: RawSpan, header: IPv4Header) {
        guard icmpBudget.allow(at: environment.now) else { return }
        let code: UInt8 = header.protocolNumber == .udp ? 3 : 2
        // RFC 792: the header and the first eight bytes of what was wrong.
        let quoted = packet.extracting(first: min(header.totalLength, header.headerLength + 8))
        send(
            .destinationUnreachable(code: code, nextHopMTU: 0), payload: quoted,
            from: header.destination, to: header.source)
    }

    private mutating func send(
        _ message: ICMPv4Message, payload: RawSpan, from source: IPv4Address, to destination: IPv4Address
    ) {
        let length = ICMPv4Message.headerLength + payload.byteCount
        // A reply longer than the MTU would need fragments; the request came in one piece, so this is a peer with a larger MTU.
        guard IPv4Header.minimumLength + length <= environment.configuration.mtu else {
            environment.counters.count(.ignoredICMP)
            return
        }
        let header = IPv4Header(
            source: source, destination: destination, protocolNumber: .icmp, payloadLength: length)
        let packet = [UInt8](rawCapacity: IPv4Header.minimumLength + length) { output in
            header.append(to: &output)
            message.append(to: &output, payload: payload)
        }
        environment.reply(.packet(packet))
    }
}

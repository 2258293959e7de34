import Testing
import TunstackCore
import TunstackWire

/// What the stack should have done.
extension SegmentScript {
    /// The next segment that the stack sent is this one. What is nil is not looked at.
    ///
    /// - Parameters:
    ///   - flags: exactly these.
    ///   - text: the text; or `length` for a number of bytes, none unless given.
    ///   - win: the window field as it stands in the header.
    ///   - time: when it left, since the start of the script.
    @discardableResult
    func expect(
        _ flags: TCPFlags, _ text: String? = nil, seq: UInt32? = nil, ack: UInt32? = nil, win: UInt16? = nil,
        urg: UInt16? = nil, length: Int? = nil, options: TCPOptions? = nil, at time: Interval? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> SentPacket? {
        guard let packet = takeSent() else {
            Issue.record("expected [\(flags)], but the stack sent nothing", sourceLocation: sourceLocation)
            return nil
        }
        guard let tcp = packet.tcp else {
            Issue.record("expected [\(flags)], got \(packet.testDescription)", sourceLocation: sourceLocation)
            return packet
        }
        var differences: [String] = []
        func compare<Value: Equatable>(_ name: String, _ actual: Value, _ expected: Value?) {
            if let expected, expected != actual { differences.append("\(name) is not \(expected)") }
        }
        compare("flags", tcp.flags, flags)
        compare("seq", tcp.sequenceNumber.rawValue, seq)
        compare("ack", tcp.acknowledgmentNumber.rawValue, ack)
        compare("win", tcp.window, win)
        compare("urg", tcp.urgentPointer, urg)
        compare("length", packet.payload.count, text.map(\.utf8.count) ?? length ?? 0)
        compare("text", packet.payload, text.map { Array($0.utf8) })
        compare("options", tcp.options, options)
        compare("time", packet.time, time.map { Instant.origin + $0 })
        if !differences.isEmpty {
            Issue.record(
                "\(differences.joined(separator: ", ")): \(packet.testDescription)", sourceLocation: sourceLocation)
        }
        return packet
    }

    /// The next packet that the stack sent is this ICMP message.
    @discardableResult
    func expect(icmp message: ICMPv4Message, sourceLocation: SourceLocation = #_sourceLocation) -> SentPacket? {
        guard let packet = takeSent() else {
            Issue.record("expected \(message), but the stack sent nothing", sourceLocation: sourceLocation)
            return nil
        }
        #expect(packet.icmp == message, "\(packet.testDescription)", sourceLocation: sourceLocation)
        return packet
    }

    /// The stack sent nothing that the lines above have not looked at.
    func expectNothing(sourceLocation: SourceLocation = #_sourceLocation) {
        for packet in takeAllSent() {
            Issue.record("nobody expected \(packet.testDescription)", sourceLocation: sourceLocation)
        }
    }

    /// The last packet was dropped for this reason; nil if it was used.
    func expectDrop(_ reason: DropReason?, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(lastDrop == reason, sourceLocation: sourceLocation)
    }

    /// The connection is in this state, as the application and the listing of connections see it.
    func expectState(_ expected: State, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(state == expected, sourceLocation: sourceLocation)
    }

    /// The connection has ended for this reason; nil if it has not.
    func expectCloseReason(_ reason: CloseReason?, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(status?.closeReason == reason, sourceLocation: sourceLocation)
    }

    /// These events happened on the connection since the last look, and no others.
    func expectEvents(_ expected: ConnectionEvents, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(takeEvents() == expected, sourceLocation: sourceLocation)
    }
}

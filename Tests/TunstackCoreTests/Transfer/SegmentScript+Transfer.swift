import Testing
import TunstackCore
import TunstackWire

/// Connections for tests about data.
extension SegmentScript {
    /// An accepted connection whose full-sized segments carry `mss` bytes in either direction. Our next number is 5001, the
    /// peer's 1001.
    static func transfer(
        mss: UInt16 = 1_000, peerWindow: UInt16 = 65_535, options: ConnectionOptions = .plain,
        peerOptions: TCPOptions = TCPOptions(), configure: (inout StackConfiguration) -> Void = { _ in },
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> SegmentScript {
        var options = options
        options.maximumSegmentSize = mss
        var peerOptions = peerOptions
        peerOptions.maximumSegmentSize = mss
        return established(
            options: options, peerOptions: peerOptions, peerWindow: peerWindow, configure: configure,
            sourceLocation: sourceLocation)
    }

    /// SEND of so many bytes of the stream that begins at our first number.
    @discardableResult
    func send(count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws -> Int {
        let end = (status?.sendNext ?? SequenceNumber(0)) + (status?.queuedBytes ?? 0)
        let offset = end - SequenceNumber(Self.iss + 1)
        return try send(bytes: StreamBytes.at(offset, count: count), sourceLocation: sourceLocation)
    }

    /// The stack sends full segments with these numbers, each with its part of the stream; PSH only on the last if `pushed`.
    func expectStream(
        _ numbers: ClosedRange<UInt32>, mss: Int = 1_000, pushed: Bool = false, at time: Interval? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var next = SequenceNumber(numbers.lowerBound)
        let end = SequenceNumber(numbers.upperBound) + 1
        while next != end {
            let length = min(mss, end - next)
            let isLast = next + length == end
            let packet = expect(
                pushed && isLast ? [.psh, .ack] : .ack, seq: next.rawValue, length: length, at: time,
                sourceLocation: sourceLocation)
            let isIntact = packet?.payload == StreamBytes.at(next - SequenceNumber(Self.iss + 1), count: length)
            #expect(isIntact, "wrong bytes at \(next)", sourceLocation: sourceLocation)
            next += length
        }
    }

    /// Uses up the segments that are acknowledged at once at the start of a connection: so many single bytes from the peer.
    func leaveQuickMode(sourceLocation: SourceLocation = #_sourceLocation) throws {
        for _ in 0..<16 {
            peer([.psh, .ack], length: 1, sourceLocation: sourceLocation)
            expect(.ack, sourceLocation: sourceLocation)
        }
        _ = try receive(sourceLocation: sourceLocation)
        takeAllEvents()
    }
}

import Testing
import TunstackCore
import TunstackWire

extension ConnectionOptions {
    /// The plain options with selective acknowledgment.
    static var selective: ConnectionOptions { .plain { $0.selectiveAcknowledgment = true } }
}

/// Connections for tests about losses, and a peer that acknowledges selectively.
extension SegmentScript {
    /// An accepted connection at 100 ms, after a handshake of one round trip of that length; full-sized segments carry 1,000 bytes, and
    /// the peer acknowledges selectively. Its timestamp, if the options ask for timestamps, always is 7.
    static func recovering(
        options: ConnectionOptions = .selective, peerWindow: UInt16 = 65_535,
        configure: (inout StackConfiguration) -> Void = { _ in }, sourceLocation: SourceLocation = #_sourceLocation
    ) -> SegmentScript {
        var options = options
        options.maximumSegmentSize = options.timestamps ? 1_012 : 1_000
        let script = SegmentScript(
            listening: 9877, options: options, configure: configure, sourceLocation: sourceLocation)
        var syn = TCPOptions(maximumSegmentSize: options.maximumSegmentSize)
        syn.sackPermitted = true
        if options.timestamps { syn.timestamps = TCPTimestamps(value: 7, echoReply: 0) }
        script.peer(.syn, win: peerWindow, options: syn)
        script.expect([.syn, .ack], sourceLocation: sourceLocation)
        script.advance(by: .milliseconds(100))
        script.peer(.ack, win: peerWindow, options: TCPOptions(timestamps: syn.timestamps))
        script.accept(sourceLocation: sourceLocation)
        script.takeAllEvents()
        return script
    }

    /// Ten segments of 1,000 bytes, 5,001 to 15,000, left at 100 ms, and so many bytes more wait.
    static func tenInFlight(
        more: Int = 0, options: ConnectionOptions = .selective, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> SegmentScript {
        let script = SegmentScript.recovering(options: options, sourceLocation: sourceLocation)
        try script.send(count: 10_000 + more)
        script.expectStream(5_001...15_000, pushed: more == 0, sourceLocation: sourceLocation)
        script.expectNothing(sourceLocation: sourceLocation)
        return script
    }

    /// The peer acknowledges everything up to `number`, and reports these runs; `echo` is the time of ours that it echoes.
    func acknowledge(
        _ number: UInt32, _ runs: Range<UInt32>..., echo: UInt32? = nil, win: UInt16 = 65_535,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var options = TCPOptions(timestamps: echo.map { TCPTimestamps(value: 7, echoReply: $0) })
        for run in runs {
            options.sackBlocks.append(
                SACKBlock(start: SequenceNumber(run.lowerBound), end: SequenceNumber(run.upperBound)))
        }
        peer(.ack, ack: number, win: win, options: options, sourceLocation: sourceLocation)
    }

    /// The first numbers of the segments with text that nobody has looked at.
    func takeTexts() -> [UInt32] {
        takeAllSent().filter { $0.sequenceLength > 0 }.compactMap { $0.tcp?.sequenceNumber.rawValue }
    }
}

import Testing
import TunstackCore
import TunstackWire

extension SegmentScript {
    /// An accepted connection whose handshake took one round trip of this length; full-sized segments carry 1,000 bytes.
    static func measured(
        _ roundTrip: Interval, options: ConnectionOptions = .plain, timestamps: TCPTimestamps? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> SegmentScript {
        var options = options
        options.maximumSegmentSize = 1_000
        let script = SegmentScript(listening: 9877, options: options, sourceLocation: sourceLocation)
        script.peer(.syn, options: TCPOptions(maximumSegmentSize: 1_000, timestamps: timestamps))
        script.expect([.syn, .ack], sourceLocation: sourceLocation)
        script.advance(by: roundTrip)
        script.peer(.ack, options: TCPOptions(timestamps: timestamps))
        script.accept(sourceLocation: sourceLocation)
        script.takeAllEvents()
        return script
    }

    /// The segments with text that leave by a time, as the milliseconds at which they did and their first numbers; all other
    /// packets are passed over.
    func texts(until time: Interval) -> [(milliseconds: Int64, seq: UInt32)] {
        at(time)
        return takeAllSent().filter { $0.sequenceLength > 0 }.map {
            ($0.time.nanoseconds / 1_000_000, $0.tcp?.sequenceNumber.rawValue ?? 0)
        }
    }
}

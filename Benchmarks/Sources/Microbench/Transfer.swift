import BenchmarkSupport
import TunstackCore
import TunstackWire

/// The way of a segment in: from the packet to the application's memory, acknowledgments included. As a driver does it, in
/// batches: packets, events, reading, acknowledgments.
struct Receiving: ~Copyable, Operation {
    private var end = Established()
    private var segment: Template
    private var number = Established.firstPeerNumber
    private let textLength: Int
    private let batch: Int

    init(textLength: Int, batch: Int) {
        segment = Template(textLength: textLength)
        segment.set(acknowledgmentNumber: end.firstNumber)
        self.textLength = textLength
        self.batch = batch
        // The window that a SYN tells is not scaled; the next acknowledgment tells the whole.
        receive(1)
    }

    mutating func run(_ count: Int) {
        for _ in 0..<count / batch { receive(batch) }
    }

    private mutating func receive(_ batch: Int) {
        for _ in 0..<batch {
            segment.set(sequenceNumber: number)
            end.deliver(segment)
            number &+= UInt32(textLength)
        }
        let read = end.readEverything()
        precondition(read == textLength * batch, "text is missing")
        while end.transmit() {}
        end.advance(.microseconds(10))
    }
}

/// The way of a segment out: from the application's memory to the packet, and the acknowledgments of every second one.
struct Sending: ~Copyable, Operation {
    private static let textLength = 1_448
    private static let batch = 16

    private var end = Established()
    private var peer: AcknowledgingPeer

    init() {
        peer = AcknowledgingPeer(of: end)
    }

    mutating func run(_ count: Int) {
        for _ in 0..<count / Self.batch {
            end.sendAll(Self.textLength * Self.batch)
            var segments = 0
            while segments < Self.batch {
                while end.transmit() {
                    segments += 1
                    peer.take(end.packet, Self.textLength)
                    if segments.isMultiple(of: 2) { peer.acknowledge(to: &end) }
                }
            }
            end.advance(.microseconds(10))
            while end.core.nextEvent() != nil {}
        }
    }
}

/// The same for so much text at a time, in packets that the device cuts and sums. Each packet is acknowledged.
struct BulkSending: ~Copyable, Operation {
    private static let batch = 4

    private var end = Established(hasOffload: true)
    private var peer: AcknowledgingPeer
    private let textLength: Int

    init(textLength: Int) {
        peer = AcknowledgingPeer(of: end)
        self.textLength = textLength
    }

    mutating func run(_ count: Int) {
        for _ in 0..<count / Self.batch {
            end.sendAll(textLength * Self.batch)
            var left = textLength * Self.batch
            while left > 0 {
                while let length = end.transmitInPieces() {
                    left -= length
                    peer.take(end.packet, length)
                }
                peer.acknowledge(to: &end)
            }
            end.advance(.microseconds(10))
            while end.core.nextEvent() != nil {}
        }
    }
}

/// A peer that takes everything in order.
struct AcknowledgingPeer: ~Copyable {
    private var acknowledgment = Template(textLength: 0)
    private var expected: UInt32

    init(of end: borrowing Established) {
        expected = end.firstNumber
        acknowledgment.set(sequenceNumber: Established.firstPeerNumber)
    }

    mutating func take(_ headers: borrowing Block, _ textLength: Int) {
        expected &+= UInt32(textLength)
        acknowledgment.set(timestampEcho: headers.withBytes(Template.timestamp))
    }

    mutating func acknowledge(to end: inout Established) {
        acknowledgment.set(acknowledgmentNumber: expected)
        end.deliver(acknowledgment)
    }
}

extension Established {
    /// Hands over text, for all of which there is room.
    mutating func sendAll(_ count: Int) {
        let taken = send(count)
        precondition(taken == count, "the send buffer is full")
    }
}

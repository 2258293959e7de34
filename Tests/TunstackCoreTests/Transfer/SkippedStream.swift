import Testing
import TunstackWire

@testable import TunstackCore

/// Leaps over gigabytes of a stream that a test would take too long to send. After each leap comes a byte that is really sent
/// and acknowledged, so that everything that follows the stream along does so.
extension SegmentScript {
    /// The longest leap: well within the half of sequence space in which numbers can be compared.
    private static let longestLeap = 1 << 28

    /// The peer sends, and the application reads, so many bytes.
    func skipReceived(_ count: Int) throws {
        var left = count
        while left > 0 {
            let leap = min(left, Self.longestLeap)
            for index in stack.connections.indices where stack.connections.isOccupied(index) {
                stack.connections[index].skipReceived(leap - 1)
            }
            peer(.ack, seq: status?.receiveNext.rawValue, length: 1)
            _ = try receive()
            left -= leap
        }
        takeAllSent()
        takeAllEvents()
    }

    /// We send so many bytes, and the peer acknowledges them.
    func skipSent(_ count: Int) throws {
        var left = count
        while left > 0 {
            let leap = min(left, Self.longestLeap)
            for index in stack.connections.indices where stack.connections.isOccupied(index) {
                stack.connections[index].skipSent(leap - 1)
            }
            flow.stackNext += leap - 1
            try send("x")
            peer(.ack, seq: status?.receiveNext.rawValue)
            left -= leap
        }
        takeAllSent()
        takeAllEvents()
    }
}

extension Connection {
    fileprivate mutating func skipReceived(_ count: Int) {
        rcv.nxt += count
        rcv.edge += count
        rcv.announced += count
        receiveBuffer = ReceiveBuffer(start: rcv.nxt, limit: receiveBuffer.limit)
    }

    fileprivate mutating func skipSent(_ count: Int) {
        snd.una += count
        snd.nxt += count
        sendBuffer = SendBuffer(start: snd.una, limit: sendBuffer.limit)
    }
}

import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("The receive window (RFC 9293 §3.8.6)")
struct ReceiveWindowTests {
    private static func options(buffer: Int, scale: UInt8? = nil) -> ConnectionOptions {
        .plain {
            $0.receiveBufferBytes = buffer
            $0.maximumReceiveBufferBytes = buffer
            $0.windowScale = scale
        }
    }

    /// A connection whose buffer of 4,000 bytes the peer has filled.
    private func filled() -> SegmentScript {
        let script = SegmentScript.transfer(options: Self.options(buffer: 4_000))
        script.batch { for _ in 0..<4 { script.peer(.ack, length: 1_000) } }
        script.expect(.ack, ack: 5_001, win: 0)
        return script
    }

    @Test("the window is the room that is left", .requirement("mission B17"))
    func closes() {
        let script = SegmentScript.transfer(options: Self.options(buffer: 4_000))
        for received in 1...4 as ClosedRange<UInt32> {
            script.peer(.ack, length: 1_000)
            script.expect(.ack, ack: 1_001 + received * 1_000, win: UInt16(4_000 - received * 1_000))
        }
    }

    @Test("a window opens in steps worth a segment, not byte by byte", .requirement("RFC9293 MUST-39"))
    func opensInSteps() throws {
        let script = filled()
        _ = try script.receive(upTo: 999)
        script.expectNothing()
        _ = try script.receive(upTo: 1)
        script.expect(.ack, ack: 5_001, win: 1_000)
        _ = try script.receive(upTo: 999)
        script.expectNothing()
        _ = try script.receive(upTo: 1)
        script.expect(.ack, ack: 5_001, win: 2_000)
    }

    @Test("half of a small buffer is enough to open the window", .requirement("RFC9293 MUST-39"))
    func halfOfSmallBuffer() throws {
        let script = SegmentScript.transfer(options: Self.options(buffer: 600))
        script.peer(.ack, length: 600)
        script.expect(.ack, win: 0)
        _ = try script.receive(upTo: 299)
        script.expectNothing()
        _ = try script.receive(upTo: 1)
        script.expect(.ack, win: 300)
    }

    @Test("an acknowledgment of data does not creep the edge forward either", .requirement("RFC9293 MUST-39"))
    func noCreeping() throws {
        let script = SegmentScript.transfer(options: Self.options(buffer: 4_000))
        script.peer(.ack, length: 1_000)
        script.expect(.ack, win: 3_000)
        _ = try script.receive(upTo: 300)
        script.peer(.ack, length: 100)
        script.expect(.ack, ack: 2_101, win: 2_900)
        _ = try script.receive(upTo: 700)
        script.peer(.ack, length: 100)
        script.expect(.ack, ack: 2_201, win: 3_800)
    }

    @Test("an application that keeps up costs no window updates")
    func noNeedlessUpdates() throws {
        let script = SegmentScript.transfer(options: Self.options(buffer: 60_000))
        for _ in 0..<20 {
            script.batch { for _ in 0..<2 { script.peer(.ack, length: 1_000) } }
            script.expect(.ack)
            #expect(try script.receive().bytes.count == 2_000)
            script.expectNothing()
        }
    }

    @Test(
        "the right edge is never drawn back, whatever arrives and is read; what was announced is accepted",
        .requirement("RFC9293 SHLD-14"), .requirement("RFC7323 §2.4"),
        arguments: [nil, 0, 3, 7, 14] as [UInt8?], 1...6 as ClosedRange<UInt64>)
    func neverDrawnBack(scale: UInt8?, seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let buffer = [700, 4_000, 30_000, 200_000][Int(seed % 4)]
        var peerOptions = TCPOptions()
        peerOptions.windowScale = scale
        let script = SegmentScript.transfer(
            options: Self.options(buffer: buffer, scale: scale), peerOptions: peerOptions)
        let unit = 1 << Int(scale ?? 0)
        let offered = min(buffer, 65_535)
        var furthest = SequenceNumber(1_001) + offered
        for _ in 0..<150 {
            let next = script.status?.receiveNext ?? SequenceNumber(0)
            let window = furthest - next
            if window == 0 || Int.random(in: 0..<3, using: &random) == 0 {
                _ = try script.receive(upTo: Int.random(in: 1...5_000, using: &random))
            } else {
                // Any segment inside what was announced, up to its very last byte.
                let isInOrder = Int.random(in: 0..<3, using: &random) > 0
                let offset = isInOrder ? 0 : Int.random(in: 0..<window, using: &random)
                let length = min(1_000, window - offset)
                script.peer(.ack, seq: (next + offset).rawValue, length: length)
                expectEqual(script.lastDrop, nil)
                let after = script.status?.receiveNext ?? SequenceNumber(0)
                if isInOrder { expectEqual(after - next >= length, true, "not all of the text was taken") }
            }
            for packet in script.takeAllSent() {
                guard let tcp = packet.tcp else { continue }
                let edge = tcp.acknowledgmentNumber + Int(tcp.window) << Int(scale ?? 0)
                // Scaling counts in units, so the edge may seem to go back by less than one (RFC 7323 §2.4).
                expectEqual(furthest - edge < unit, true, "drawn back from \(furthest) to \(edge)")
                furthest = SequenceNumber.max(furthest, edge)
            }
        }
    }
}

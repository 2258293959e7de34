import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Window scaling (RFC 7323 §2)")
struct WindowScalingTests {
    private func golden(buffer: Int) -> SegmentScript {
        var options = ConnectionOptions()
        options.receiveBufferBytes = buffer
        let script = SegmentScript(listening: 9877, options: options)
        return script
    }

    private static let peerOptions = TCPOptions(
        maximumSegmentSize: 1_460, windowScale: 7, sackPermitted: true,
        timestamps: TCPTimestamps(value: 383_644, echoReply: 0))
    private static let timestamps = TCPOptions(timestamps: TCPTimestamps(value: 383_645, echoReply: 0))

    @Test(
        "the server of the capture: 28,960 on the SYN-ACK, 227 after ten bytes", .requirement("mission B46"),
        .requirement("RFC7323 §2.2"))
    func server() {
        let script = golden(buffer: 28_960)
        script.peer(.syn, win: 29_200, options: Self.peerOptions)
        script.expect([.syn, .ack], win: 28_960)
        script.peer(.ack, win: 229, options: Self.timestamps)
        script.accept()
        #expect(script.status?.sendWindow == 229 << 7)
        script.peer([.psh, .ack], win: 229, length: 10, options: Self.timestamps)
        script.expect(.ack, ack: 1_011, win: 227)
    }

    @Test(
        "the client of the capture: 29,200 on the SYN, 229 from then on: rounded up", .requirement("mission B46"),
        .requirement("RFC7323 §2.3"))
    func client() throws {
        var options = ConnectionOptions()
        options.receiveBufferBytes = 29_200
        let script = SegmentScript(options: options)
        try script.open()
        script.expect(.syn, win: 29_200)
        script.peer([.syn, .ack], win: 28_960, options: Self.peerOptions)
        #expect(script.status?.sendWindow == 28_960, "the window of a SYN is not scaled")
        script.expect(.ack, win: 229)
    }

    @Test(
        "a peer's window is scaled by the peer's shift, at most 14", .requirement("RFC7323 §2.3"),
        .requirement("RFC9293 REC-1"),
        arguments: [(0, 0), (5, 5), (14, 14), (15, 14), (255, 14)] as [(UInt8, Int)])
    func peerShift(announced: UInt8, used: Int) {
        var peerOptions = TCPOptions()
        peerOptions.windowScale = announced
        let script = SegmentScript.transfer(options: .plain { $0.windowScale = 7 }, peerOptions: peerOptions)
        script.peer(.ack, win: 65_535)
        #expect(script.status?.sendWindow == 65_535 << used)
    }

    @Test("the window of a SYN is not scaled in a simultaneous open either", .requirement("RFC7323 §2.2"))
    func simultaneousOpen() throws {
        let script = SegmentScript(options: .plain { $0.windowScale = 7 })
        try script.open()
        script.expect(.syn)
        let options = TCPOptions(maximumSegmentSize: 1_000, windowScale: 7)
        script.peer(.syn, seq: 1_000, win: 2_000, options: options)
        script.expect([.syn, .ack], ack: 1_001)
        script.peer([.syn, .ack], seq: 1_000, ack: 5_001, win: 3_000, options: options)
        script.takeAllSent()
        script.expectState(.established)
        #expect(script.status?.sendWindow == 3_000)
        script.peer(.ack, seq: 1_001, ack: 5_001, win: 30)
        #expect(script.status?.sendWindow == 30 << 7)
    }

    @Test("a window larger than the field can tell is announced as the field's largest")
    func largest() {
        let script = SegmentScript.transfer(options: .plain { $0.receiveBufferBytes = 1 << 20 })
        script.peer(.ack, length: 10)
        script.expect(.ack, win: 65_535)
    }

    @Test("without the peer's option nothing is scaled", .requirement("RFC7323 §2.2"))
    func notNegotiated() {
        let script = SegmentScript.transfer(
            options: .plain {
                $0.windowScale = 7
                $0.receiveBufferBytes = 20_000
            })
        script.peer(.ack, win: 500, length: 10)
        script.expect(.ack, win: 19_990)
        #expect(script.status?.sendWindow == 500)
    }
}

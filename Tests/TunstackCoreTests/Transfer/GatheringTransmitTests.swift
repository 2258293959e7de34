import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Packets handed out in pieces")
struct GatheringTransmitTests {
    private struct Refusal: Error {}

    @Test(
        "the pieces are the packet, and the text comes in two where the ring of the buffer ends",
        arguments: [5_000, 8_000] as [UInt32])
    func pieces(iss: UInt32) throws {
        let scripts = (0..<2).map { _ in
            SegmentScript.transfer { $0.initialSequenceNumbers = .fixed(SequenceNumber(iss)) }
        }
        try scripts[0].send(count: 1_000)
        let whole = try #require(scripts[0].takeSent())
        try scripts[1].batch {
            try scripts[1].send(count: 1_000)
            let next = scripts[1].stack.nextPieces(at: scripts[1].now)
            let packet = try #require(next)
            #expect(packet.header + packet.text + packet.moreText == whole.bytes)
            #expect(packet.metadata == TransmitMetadata(headerLength: 40))
            // The buffer has 8 KiB at most: from 8,001 on the text runs over their end.
            #expect(packet.moreText.isEmpty == (iss == 5_000))
        }
        scripts[1].expectNothing()
    }

    @Test("a reply without a connection comes whole in the headers")
    func reply() {
        let script = SegmentScript(listening: 9877)
        script.batch {
            script.icmp(.echoRequest(identifier: 1, sequence: 2), payload: [1, 2, 3])
            let packet = script.stack.nextPieces(at: script.now)
            #expect(packet?.header.suffix(3) == [1, 2, 3])
            #expect(packet?.text == [] && packet?.moreText == [])
            #expect(packet?.metadata == TransmitMetadata())
        }
        script.expectNothing()
    }

    @Test("where the device fills in checksums, the field holds the sum over the pseudo-header")
    func partialChecksum() throws {
        let script = SegmentScript.transfer()
        let summing = SegmentScript.transfer { $0.transmitOffload.fillsChecksum = true }
        try script.send(count: 999)
        let whole = try #require(script.takeSent())
        try summing.send(count: 999)
        let packet = try #require(summing.takeSent())
        #expect(packet.metadata == TransmitMetadata(headerLength: 40, checksumStart: 20))
        #expect(packet.bytes == whole.bytes)
    }

    @Test("a packet that the device does not take counts as sent, and is sent again in time")
    func refusal() throws {
        let script = SegmentScript.transfer()
        try script.batch {
            try script.send(count: 10)
            do throws(Refusal) {
                _ = try script.stack.nextTransmit(at: script.now) { _, _, _, _ throws(Refusal) in throw Refusal() }
                Issue.record("the error was not passed on")
            } catch {
                // The device did not take it.
            }
        }
        script.expectNothing()
        #expect(script.status?.sendNext == SequenceNumber(5_011))
        script.at(.milliseconds(300))
        script.expect([.psh, .ack], seq: 5_001, length: 10)
    }

    @Test("with nothing to send nobody is called")
    func nothing() {
        let script = SegmentScript.transfer()
        let packet = script.stack.nextPieces(at: script.now)
        #expect(packet == nil)
    }
}

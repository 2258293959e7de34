import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Passive OPEN (RFC 9293 §3.9.1.1)")
struct ListenTests {
    private static let otherAddress = IPv4Address(10, 77, 0, 3)
    private static func twoAddresses(_ configuration: inout StackConfiguration) {
        configuration.addresses.append(IPv4Network(otherAddress, prefixLength: 24))
    }
    private static func anyAddress(_ port: Port) -> Endpoint { Endpoint(IPAddress.unspecified, port) }

    private static func reusing() -> ListenerOptions {
        var options = ListenerOptions()
        options.reusesAddress = true
        return options
    }

    @Test(
        "a listener at an address comes before one at any address", .requirement("RFC9293 MUST-43"),
        .requirement("RFC9293 MUST-45"))
    func specificFirst() throws {
        let script = SegmentScript(configure: Self.twoAddresses)
        let any = try script.listen(on: Self.anyAddress(9877))
        let specific = try script.listen(on: script.key.local)

        script.peer(.syn)
        script.peer(.ack)
        #expect(script.accept(from: any) == nil)
        #expect(script.accept(from: specific) != nil)

        script.key = ConnectionKey(local: Endpoint(Self.otherAddress, 9877), remote: script.key.remote)
        script.peer(.syn)
        script.peer(.ack)
        #expect(script.accept(from: specific) == nil)
        let accepted = try #require(script.accept(from: any))
        // RFC 9293 MUST-45: the connection keeps to the address that the peer chose.
        #expect(script.status(of: accepted)?.key == script.key)
        #expect(script.takeAllSent().map(\.ip.source) == [SegmentScript.localAddress, Self.otherAddress])
    }

    @Test("without a local address, and without a port, an active OPEN is given both", .requirement("RFC9293 MUST-44"))
    func chosenLocal() throws {
        let script = SegmentScript()
        let id = try script.open(to: script.key.remote)
        script.drain()
        let packet = try #require(script.expect(.syn))
        #expect(packet.ip.source == SegmentScript.localAddress)
        let port = try #require(packet.tcp).sourcePort.rawValue
        #expect((49_152...65_535).contains(port))
        #expect(script.status(of: id)?.key.local == Endpoint(SegmentScript.localAddress, Port(port)))
    }

    @Test("two listeners cannot share a socket")
    func addressInUse() throws {
        let script = SegmentScript(listening: 9877)
        #expect(throws: ListenError.addressInUse) { try script.listen(on: script.key.local) }
        #expect(throws: ListenError.addressInUse) {
            try script.listen(on: script.key.local, options: Self.reusing())
        }
        try script.listen(on: Endpoint(SegmentScript.localAddress, 9878))
    }

    @Test("impossible sockets are refused")
    func impossible() {
        let script = SegmentScript()
        #expect(throws: ListenError.invalidPort) { try script.listen(on: Self.anyAddress(0)) }
        #expect(throws: ListenError.addressNotAvailable) {
            try script.listen(on: Endpoint(SegmentScript.peerAddress, 80))
        }
        #expect(throws: ListenError.addressNotAvailable) {
            try script.listen(on: Endpoint(IPAddress(high: 0, low: 1), 80))
        }
    }

    @Test("listeners have a limit")
    func limit() throws {
        let script = SegmentScript(listening: 9877) { $0.limits.listeners = 2 }
        let second = try script.listen(on: Self.anyAddress(1))
        #expect(throws: ListenError.tooManyListeners) {
            try script.listen(on: Self.anyAddress(2))
        }
        script.stack.closeListener(second, at: script.now)
        try script.listen(on: Self.anyAddress(2))
    }

    @Test(
        "a half-open connection does not keep anyone from listening", .requirement("RFC9293 MUST-42"),
        .requirement("RFC9293 MUST-41"))
    func halfOpen() throws {
        let script = SegmentScript(listening: 9877, configure: Self.twoAddresses)
        script.peer(.syn)
        script.expect([.syn, .ack])
        try script.listen(on: Self.anyAddress(9877))
        // The record of the half-open connection is as it was.
        script.expectState(.synReceived)
        script.peer(.ack)
        script.accept()
        script.expectState(.established)
    }

    @Test("a passive OPEN leaves existing connections alone", .requirement("RFC9293 MUST-41"))
    func existingConnection() throws {
        let script = SegmentScript.reached(by: .establishedActive)
        let before = try #require(script.status)
        try script.listen(on: script.key.local, options: Self.reusing())
        let after = try #require(script.status)
        #expect(after.state == .established && after.key == before.key)
        #expect(after.sendNext == before.sendNext && after.receiveNext == before.receiveNext)
        script.peer([.psh, .ack], "abc")
        script.expect(.ack, ack: 1004)
        #expect(try script.read() == "abc")
    }

    @Test(
        "a server that closed first and restarts finds its port taken, unless it asks to share it",
        .requirement("mission B38"), .requirement("mission B39"))
    func restart() throws {
        let script = SegmentScript.reached(by: .timeWaitFromFinWait2)
        let listener = try #require(script.listener)
        script.stack.closeListener(listener, at: script.now)
        #expect(throws: ListenError.addressInUse) { try script.listen(on: script.key.local) }
        #expect(throws: ListenError.addressInUse) {
            try script.listen(on: Self.anyAddress(9877))
        }
        let reuser = try script.listen(on: script.key.local, options: Self.reusing())
        script.stack.closeListener(reuser, at: script.now)
        script.at(.seconds(60))
        try script.listen(on: script.key.local)
    }

    @Test("a stale listener handle is harmless and never another listener")
    func staleHandle() throws {
        let script = SegmentScript(listening: 9877)
        let old = try #require(script.listener)
        script.stack.closeListener(old, at: script.now)
        script.listener = try script.listen(on: script.key.local)
        script.stack.closeListener(old, at: script.now)
        script.peer(.syn)
        script.expect([.syn, .ack])
        script.peer(.ack)
        #expect(script.accept(from: old) == nil)
        script.accept()
    }

    @Test("closing a listener forgets half-open entries and resets connections that nobody accepted")
    func closeListener() throws {
        let script = SegmentScript(listening: 9877)
        script.peer(.syn)
        script.connect(fromPort: 2)
        script.peer(.syn)
        script.peer(.ack)
        script.takeAllSent()
        script.stack.closeListener(try #require(script.listener), at: script.now)
        script.drain()
        script.expect([.rst, .ack], seq: 5001, ack: 1001)
        script.expectNothing()
        #expect(script.count() == 0)
        script.connect(fromPort: 40_000)
        script.peer(.ack)
        script.expect(.rst, seq: 5001)
        #expect(script.stack.nextDeadline == nil)
    }
}

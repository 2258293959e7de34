import Glibc
import Testing
import TunstackCore
import TunstackLinux

@Suite("TunDevice over a socket pair")
struct TunDeviceTests {
    @Test("packets cross one by one, in order and unchanged", arguments: [SOCK_SEQPACKET, SOCK_DGRAM].map(\.rawValue))
    func packetsKeepTheirBounds(type: UInt32) throws {
        let pair = try DevicePair(type: __socket_type(rawValue: type))
        let packets: [[UInt8]] = [[0x45], [UInt8](repeating: 7, count: 1500), [1, 2, 3]]
        for packet in packets {
            #expect(try pair.kernel.writeBytes(packet) == .written)
        }
        for packet in packets {
            #expect(try pair.device.readBytes() == .packet(packet))
        }
        #expect(try pair.device.writeBytes([9, 9]) == .written)
        #expect(try pair.kernel.readBytes() == .packet([9, 9]))
    }

    @Test("a packet is appended behind what the output holds already")
    func appends() throws {
        let pair = try DevicePair()
        #expect(try pair.kernel.writeBytes([2, 3]) == .written)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 1)
        defer { unsafe memory.deallocate() }
        var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        output.append(1)
        #expect(try pair.device.read(into: &output) == .packet(byteCount: 2, checksum: .unverified, segmentSize: 0))
        #expect(output.byteCount == 3)
        let bytes = unsafe Array(memory.prefix(3))
        #expect(bytes == [1, 2, 3])
    }

    @Test(
        "the bytes behind the head go to places of their own, and what those cannot hold follows the head",
        arguments: 1...12)
    func readsToPlaces(length: Int) throws {
        let pair = try DevicePair()
        let packet = (1...UInt8(length)).map { $0 }
        #expect(try pair.kernel.writeBytes(packet) == .written)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 1)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        var output = unsafe OutputRawSpan(
            buffer: UnsafeMutableRawBufferPointer(rebasing: memory[..<16]), initializedCount: 0)
        var first = unsafe MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: memory[16..<18]))
        var second = unsafe MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: memory[24..<27]))
        let result = try pair.device.read(into: &output, headLength: 4, &first, &second)
        #expect(result == .packet(byteCount: length, checksum: .unverified, segmentSize: 0))
        #expect(output.byteCount == min(length, 4) + max(0, length - 9))
        let bytes = unsafe Array(memory)
        #expect(Array(bytes[..<output.byteCount]) == Array(packet.prefix(4) + packet.dropFirst(9)))
        #expect(
            Array((bytes[16..<18] + bytes[24..<27]).prefix(max(0, length - 4))) == Array(packet.dropFirst(4).prefix(5)))
    }

    @Test("a packet longer than the room is cut, and the next one is whole again")
    func cutsAtCapacity() throws {
        let pair = try DevicePair()
        #expect(try pair.kernel.writeBytes([1, 2, 3, 4]) == .written)
        #expect(try pair.kernel.writeBytes([5, 6]) == .written)
        #expect(try pair.device.readBytes(capacity: 3) == .packet([1, 2, 3]))
        #expect(try pair.device.readBytes() == .packet([5, 6]))
    }

    @Test("an empty device would block, which is a value and no error")
    func readWouldBlock() throws {
        let pair = try DevicePair()
        #expect(try pair.device.readBytes() == .wouldBlock)
    }

    @Test("an empty datagram is a packet of no bytes, not the end")
    func emptyDatagram() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_DGRAM)
        defer { close(second) }
        let device = try TunDevice(adopting: first)
        let sent = send(second, nil, 0, 0)
        #expect(sent == 0)
        #expect(try device.readBytes() == .packet([]))
        #expect(try device.readBytes() == .wouldBlock)
    }

    @Test("a full device would block, and takes packets again once the other side has read")
    func writeWouldBlock() throws {
        let pair = try DevicePair()
        let packet = [UInt8](repeating: 0, count: 1000)
        var result = TunDevice.WriteResult.written
        for _ in 0..<100_000 where result == .written {
            result = try pair.device.writeBytes(packet)
        }
        #expect(result == .wouldBlock)
        while try pair.kernel.readBytes() != .wouldBlock {}
        #expect(try pair.device.writeBytes(packet) == .written)
    }

    @Test("a packet that the device cannot take is dropped with the reason, and the device lives on")
    func oversizedPacketIsDropped() throws {
        let pair = try DevicePair()
        let tooLong = [UInt8](repeating: 0, count: 16 << 20)
        #expect(try pair.device.writeBytes(tooLong) == .dropped(Errno(rawValue: EMSGSIZE)))
        #expect(try pair.device.writeBytes([1]) == .written)
    }

    @Test("the end of the other side is read once its packets are, and a write says that the device is gone")
    func otherSideCloses() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let device = try TunDevice(adopting: first)
        do {
            let kernel = try TunDevice(adopting: second)
            #expect(try kernel.writeBytes([1]) == .written)
        }
        #expect(try device.readBytes() == .packet([1]))
        #expect(try device.readBytes() == .endOfStream)
        #expect(throws: TunError.deviceGone(Errno(rawValue: EPIPE))) { try device.writeBytes([2]) }
    }

    @Test("a write to a socket whose other side closed raises no signal")
    func noSignal() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
            close(second)
            let device = try TunDevice(adopting: first)
            #expect(throws: TunError.deviceGone(Errno(rawValue: EPIPE))) { try device.writeBytes([1]) }
        }
    }

    @Test("the descriptor is closed when the device's life ends, even with packets unread")
    func closesDescriptor() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let kernel = try TunDevice(adopting: second)
        do {
            let device = try TunDevice(adopting: first)
            #expect(try kernel.writeBytes([1]) == .written)
            #expect(device.interface == nil)
        }
        #expect(try kernel.readBytes() == .endOfStream)
    }

    @Test("a stream socket is not adopted and stays its owner's")
    func streamIsRefused() throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_STREAM)
        #expect(throws: TunError.notAPacketDescriptor) { try TunDevice(adopting: first).fileDescriptor }
        #expect(close(first) == 0)
        #expect(close(second) == 0)
    }

    @Test("a number that is no open descriptor is refused")
    func invalidDescriptorIsRefused() {
        #expect(throws: TunError.refused(.adopt, Errno(rawValue: EBADF))) { try TunDevice(adopting: -1).fileDescriptor }
    }
}

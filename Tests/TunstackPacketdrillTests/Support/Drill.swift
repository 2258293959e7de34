import Glibc
import TunstackWire

@testable import TunstackPacketdrill

/// Calls the plug-in as packetdrill does: through the table of functions.
@safe final class Drill: @unchecked Sendable {
    let table: UnsafeMutableRawPointer
    let local = IPv4Address(192, 168, 0, 1)
    let remote = IPv4Address(192, 0, 2, 1)

    init(flags: String = "local=192.168.0.1/16 sysctl=none") {
        unsafe table = .allocate(byteCount: SlotTable.byteCount, alignment: 8)
        unsafe table.initializeMemory(as: UInt8.self, repeating: 0, count: SlotTable.byteCount)
        unsafe flags.withCString { unsafe packetdrillInterfaceInit($0, table) }
    }

    deinit {
        unsafe slot(.free, as: (@convention(c) (UserData) -> Void).self)(data)
        unsafe table.deallocate()
    }

    /// What every function gets first.
    var data: UserData { unsafe table.load(as: UserData.self) }
    var session: Session { unsafe Session.of(data) }

    /// The pointer at a place of the table.
    func pointer(_ index: Int) -> UnsafeRawPointer? {
        unsafe table.load(fromByteOffset: index * 8, as: UnsafeRawPointer?.self)
    }

    /// The function at a place of the table.
    func slot<Function>(_ slot: SlotTable.Slot, as type: Function.Type) -> Function {
        unsafe table.load(fromByteOffset: slot.rawValue * 8, as: type)
    }
}

// MARK: - Sockets

extension Drill {
    typealias Call3 = @convention(c) (UserData, Int32, Int32, Int32) -> Int32
    typealias Call2 = @convention(c) (UserData, Int32, Int32) -> Int32
    typealias Call1 = @convention(c) (UserData, Int32) -> Int32
    typealias AddressCall = @convention(c) (UserData, Int32, UnsafeRawPointer?, socklen_t) -> Int32
    typealias AcceptCall =
        @convention(c) (UserData, Int32, UnsafeMutableRawPointer?, UnsafeMutablePointer<socklen_t>?) -> Int32
    typealias ReadCall = @convention(c) (UserData, Int32, UnsafeMutableRawPointer?, Int) -> Int
    typealias WriteCall = @convention(c) (UserData, Int32, UnsafeRawPointer?, Int) -> Int

    func socket(domain: Int32 = AF_INET, type: Int32 = 1) -> Int32 {
        unsafe slot(.socket, as: Call3.self)(data, domain, type, Int32(IPPROTO_TCP))
    }

    func withAddress<Result>(_ address: IPv4Address, _ port: Port, _ body: (UnsafeRawPointer) -> Result) -> Result {
        var bytes = [UInt8](repeating: 0, count: 16)
        bytes[0] = UInt8(AF_INET)
        for index in 0..<2 { bytes[2 + index] = UInt8(truncatingIfNeeded: port.rawValue >> (8 - 8 * UInt16(index))) }
        for index in 0..<4 {
            bytes[4 + index] = UInt8(truncatingIfNeeded: address.rawValue >> (24 - 8 * UInt32(index)))
        }
        return unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an address has bytes") }
            return unsafe body(base)
        }
    }

    func bind(_ descriptor: Int32, port: Port = 8080) -> Int32 {
        unsafe withAddress(local, port) { unsafe slot(.bind, as: AddressCall.self)(data, descriptor, $0, 16) }
    }

    func listen(_ descriptor: Int32, backlog: Int32 = 1) -> Int32 {
        unsafe slot(.listen, as: Call2.self)(data, descriptor, backlog)
    }

    func accept(_ descriptor: Int32) -> Int32 {
        unsafe slot(.accept, as: AcceptCall.self)(data, descriptor, nil, nil)
    }

    func connect(_ descriptor: Int32, port: Port = 8080) -> Int32 {
        unsafe withAddress(remote, port) { unsafe slot(.connect, as: AddressCall.self)(data, descriptor, $0, 16) }
    }

    func read(_ descriptor: Int32, _ count: Int) -> Int {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: max(1, count), alignment: 1)
        defer { unsafe buffer.deallocate() }
        return unsafe slot(.read, as: ReadCall.self)(data, descriptor, buffer, count)
    }

    func write(_ descriptor: Int32, _ count: Int) -> Int {
        let bytes = [UInt8](repeating: 7, count: count)
        return unsafe bytes.withUnsafeBytes {
            unsafe slot(.write, as: WriteCall.self)(data, descriptor, $0.baseAddress, count)
        }
    }

    func close(_ descriptor: Int32) -> Int32 { unsafe slot(.close, as: Call1.self)(data, descriptor) }

    func setFlags(_ descriptor: Int32, _ flags: Int32) -> Int32 {
        typealias Control = @convention(c) (UserData, Int32, Int32, Int) -> Int32
        return unsafe slot(.descriptorControl, as: Control.self)(data, descriptor, F_SETFL, Int(flags))
    }

    /// A listening socket on port 8080.
    func listener() -> Int32 {
        let descriptor = socket()
        _ = bind(descriptor)
        _ = listen(descriptor)
        return descriptor
    }
}

// MARK: - Time and the wire

extension Drill {
    /// Microseconds by the plug-in's clock.
    func clock() -> Int64 {
        typealias Clock = @convention(c) (UserData, UnsafeMutablePointer<timeval>?, UnsafeMutableRawPointer?) -> Int32
        var time = timeval()
        _ = unsafe slot(.clock, as: Clock.self)(data, &time, nil)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_usec)
    }

    func elapse(_ microseconds: UInt32) {
        _ = unsafe slot(.sleep, as: (@convention(c) (UserData, useconds_t) -> Int32).self)(data, microseconds)
    }

    /// A segment arrives from port 50000 of the remote host.
    func deliver(_ header: TCPHeader, text: Int = 0) {
        let payload = [UInt8](repeating: 7, count: text)
        var sum = InternetChecksum()
        payload.withRawSpan { sum.add($0) }
        let ip = IPv4Header(
            source: remote, destination: local, protocolNumber: .tcp, payloadLength: header.headerLength + text)
        let checksum = header.checksum(
            source: remote, destination: local, payloadChecksum: sum, payloadLength: text)
        let packet = [UInt8](rawCapacity: ip.totalLength) { output in
            ip.append(to: &output)
            header.append(to: &output, checksum: checksum)
            payload.withRawSpan { output.append(bytes: $0) }
        }
        _ = unsafe packet.withUnsafeBytes {
            unsafe slot(.deviceSend, as: (@convention(c) (UserData, UnsafeRawPointer?, Int) -> Int32).self)(
                data, $0.baseAddress, packet.count)
        }
    }

    /// The next packet that leaves, with the time in microseconds; nil if there will be none.
    func nextPacket() -> (header: TCPHeader, text: Int, time: Int64)? {
        typealias Receive =
            @convention(c) (
                UserData, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<Int64>?
            ) -> Int32
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var count = bytes.count
        var time: Int64 = 0
        let result = unsafe bytes.withUnsafeMutableBytes {
            unsafe slot(.deviceReceive, as: Receive.self)(data, $0.baseAddress, &count, &time)
        }
        guard result == 0, count > 0 else { return nil }
        return Array(bytes[..<count]).withRawSpan { packet in
            do throws(WireError) {
                let ip = try IPv4Header(parsing: packet)
                let segment = packet.extracting(ip.headerLength..<ip.totalLength)
                let header = try TCPHeader(parsing: segment)
                return (header, segment.byteCount - header.headerLength, time)
            } catch {
                return nil
            }
        }
    }

    /// A header as the remote host sends it.
    func segment(
        seq: UInt32, ack: UInt32? = nil, flags: TCPFlags, window: UInt16 = 50_000,
        options: TCPOptions = TCPOptions(), from port: Port = 50_000, to localPort: Port = 8080
    ) -> TCPHeader {
        TCPHeader(
            sourcePort: port, destinationPort: localPort, sequenceNumber: SequenceNumber(seq),
            acknowledgmentNumber: SequenceNumber(ack ?? 0), flags: ack == nil ? flags : flags.union(.ack),
            window: window, urgentPointer: 0, options: options)
    }

    /// The handshake of a peer that connects; the number after our SYN.
    func establish() -> UInt32 {
        var options = TCPOptions()
        options.maximumSegmentSize = 1_000
        deliver(segment(seq: 0, flags: .syn, options: options))
        let next = (nextPacket()?.header.sequenceNumber.rawValue ?? 0) &+ 1
        deliver(segment(seq: 1, ack: next, flags: .ack))
        return next
    }
}

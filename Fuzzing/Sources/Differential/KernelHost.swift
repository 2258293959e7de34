import Glibc
import TunstackLinux
import TunstackSimulator
import TunstackWire

/// The kernel's TCP, reached through a TUN device. It answers packets in order, so nothing has to wait.
struct KernelHost: Host, ~Copyable {
    private let device: TunDevice
    private var peer: Endpoint?
    private var listener: CInt = -1
    private var socket: CInt = -1
    private var pings: UInt16 = 0
    private var (readPlace, sendPlace) = (1, 1)

    init() throws {
        device = try TunDevice.open(name: "differential0")
    }

    /// Gives the kernel's end of the device its address.
    func configure(_ address: InterfaceAddress) throws {
        try device.interface?.configure(address: address, mtu: 1_500)
    }

    mutating func begin(_ link: PeerLink, isActive: Bool) throws {
        peer = link.peer
        (readPlace, sendPlace) = (1, 1)
        if isActive {
            socket = try Self.makeSocket(at: link.host)
            // It goes on in the background; whether it succeeds is what the sequence is about.
            _ = unsafe Self.withAddress(link.peer) { unsafe connect(socket, $0, $1) }
        } else if listener < 0 {
            listener = try Self.makeSocket(at: link.host)
            guard Glibc.listen(listener, 1_024) == 0 else { throw KernelError("listen", errno) }
        }
    }

    mutating func receive(_ packet: [UInt8]) throws {
        try write(packet)
    }

    private mutating func acceptIfWaiting() {
        guard socket < 0, listener >= 0 else { return }
        socket = accept(listener, nil, nil)
        if socket >= 0 { Self.prepare(socket) }
    }

    private func write(_ packet: [UInt8]) throws {
        _ = try packet.withRawSpan { try device.write($0) }
    }

    /// The kernel may leave the work of a packet to a thread of its own; but it works in order, and answers a ping last.
    mutating func takeSent() throws -> [[UInt8]] {
        pings &+= 1
        try write(ping)
        var packets: [[UInt8]] = []
        while true {
            var result = Result<TunDevice.ReadResult, TunError>.success(.wouldBlock)
            let packet = [UInt8](rawCapacity: 65_536) { output in
                do throws(TunError) { result = .success(try device.read(into: &output)) } catch {
                    result = .failure(error)
                }
            }
            guard case .packet = try result.get() else { continue }
            if packet.count >= 28, packet[0] >> 4 == 4, packet[9] == 1, packet[20] == 0,
                packet[26] == UInt8(pings >> 8), packet[27] == UInt8(pings & 0xFF)
            {
                acceptIfWaiting()
                return packets
            }
            // What earlier sequences have left behind still speaks.
            let segment = packet.withRawSpan { TracedSegment($0) }
            if segment != nil, segment?.destination == peer { packets.append(packet) }
        }
    }

    private var ping: [UInt8] {
        let header = IPv4Header(
            source: IPv4Address(10, 77, 0, 1), destination: IPv4Address(10, 77, 0, 2), protocolNumber: .icmp,
            payloadLength: ICMPv4Message.headerLength)
        return [UInt8](rawCapacity: header.totalLength) { output in
            header.append(to: &output)
            [UInt8]().withRawSpan { span in
                ICMPv4Message.echoRequest(identifier: 1, sequence: pings).append(to: &output, payload: span)
            }
        }
    }

    mutating func call(_ action: Step.Action) {
        guard socket >= 0 else { return }
        switch action {
        case .segment: break
        case .send(let count):
            let bytes = (sendPlace..<sendPlace + count).map(View.byte)
            sendPlace += max(0, unsafe Glibc.send(socket, bytes, count, CInt(MSG_NOSIGNAL)))
        case .shutdown: _ = Glibc.shutdown(socket, CInt(SHUT_WR))
        case .close: closeSocket(aborting: false)
        case .abort: closeSocket(aborting: true)
        }
    }

    private mutating func closeSocket(aborting: Bool) {
        guard socket >= 0 else { return }
        if aborting { Self.set(socket, SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0)) }
        _ = Glibc.close(socket)
        socket = -1
    }

    mutating func read() -> Reading {
        guard socket >= 0 else { return Reading() }
        var reading = Reading(isConnected: true)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe recv(socket, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            if count > 0 {
                reading.take(Array(buffer[..<count]), from: &readPlace)
                continue
            }
            if count == 0 { reading.isAtEnd = true } else { reading.hasFailed = errno != EAGAIN }
            return reading
        }
    }

    mutating func end() throws {
        repeat {
            closeSocket(aborting: true)
            // A second connection that the sequence has opened.
            if listener >= 0 { socket = accept(listener, nil, nil) }
        } while socket >= 0
        _ = try takeSent()
    }
}

extension KernelHost {
    private static func makeSocket(at local: Endpoint) throws -> CInt {
        let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { throw KernelError("socket", errno) }
        set(socket, SOL_SOCKET, SO_REUSEADDR, CInt(1))
        prepare(socket)
        guard unsafe withAddress(local, { unsafe bind(socket, $0, $1) }) == 0 else { throw KernelError("bind", errno) }
        return socket
    }

    /// Like the stack: no Nagle, and urgent data in line.
    private static func prepare(_ socket: CInt) {
        set(socket, CInt(IPPROTO_TCP), TCP_NODELAY, CInt(1))
        set(socket, SOL_SOCKET, SO_OOBINLINE, CInt(1))
    }

    private static func set<Value: BitwiseCopyable>(_ socket: CInt, _ level: CInt, _ option: CInt, _ value: Value) {
        var value = value
        _ = unsafe setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    private static func withAddress(
        _ endpoint: Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.rawValue.bigEndian
        address.sin_addr.s_addr = (endpoint.address.v4?.rawValue ?? 0).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A call that the kernel has refused.
struct KernelError: Error, CustomStringConvertible {
    let description: String

    init(_ call: String, _ number: CInt) {
        description = "\(call): errno \(number)"
    }
}

import Glibc
import Testing
import TunstackCore
import TunstackLinux
import TunstackWire

extension TunDevice {
    /// What one read gives, with the bytes of the packet.
    enum Reading: Equatable {
        case packet([UInt8])
        case malformed
        case wouldBlock
        case endOfStream
    }

    /// Reads one packet of at most `capacity` bytes.
    borrowing func readBytes(capacity: Int = 2048) throws(TunError) -> Reading {
        try Reading(capacity: capacity) { output throws(TunError) in try read(into: &output) }
    }

    /// Writes one packet.
    borrowing func writeBytes(_ bytes: [UInt8]) throws(TunError) -> WriteResult {
        try unsafe write(bytes.span.bytes)
    }
}

/// Two connected packet sockets: the one stands for a TUN, the other for the kernel behind it.
struct DevicePair: ~Copyable {
    let device: TunDevice
    let kernel: TunDevice

    init(type: __socket_type = SOCK_SEQPACKET) throws {
        let (first, second) = try Self.descriptors(type: type)
        let device = try TunDevice(adopting: first)
        let kernel = try TunDevice(adopting: second)
        self.init(device: device, kernel: kernel)
    }

    private init(device: consuming TunDevice, kernel: consuming TunDevice) {
        self.device = device
        self.kernel = kernel
    }

    /// Two connected sockets of this type, the caller's to close.
    static func descriptors(type: __socket_type) throws -> (CInt, CInt) {
        var descriptors: [CInt] = [-1, -1]
        let result = unsafe socketpair(AF_UNIX, CInt(type.rawValue), 0, &descriptors)
        try #require(result == 0)
        return (descriptors[0], descriptors[1])
    }
}

extension TunDevice.Reading {
    /// What `read` gives, which has so much room.
    init(
        capacity: Int, _ read: (inout OutputRawSpan) throws(TunError) -> TunDevice.ReadResult
    ) throws(TunError) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        defer { unsafe memory.deallocate() }
        var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        switch try read(&output) {
        case .wouldBlock: self = .wouldBlock
        case .endOfStream: self = .endOfStream
        case .malformed: self = .malformed
        case .packet(let byteCount, _, _):
            precondition(output.byteCount == byteCount)
            self = .packet(unsafe output.bytes.withUnsafeBytes { unsafe Array($0) })
        }
    }
}

extension PacketPort {
    /// Reads one packet.
    mutating func readBytes() throws(TunError) -> TunDevice.Reading {
        try TunDevice.Reading(capacity: 65_535) { output throws(TunError) in try read(into: &output) }
    }

    /// Writes a segment with its text in one piece.
    mutating func write(_ segment: SuperSegment) throws(TunError) -> TunDevice.WriteResult {
        try segment.header.withRawSpan { header throws(TunError) in
            try segment.text.withRawSpan { text throws(TunError) in
                try write(header, text, RawSpan(), segment.metadata)
            }
        }
    }

    /// Writes a packet that is complete.
    mutating func writeBytes(_ bytes: [UInt8]) throws(TunError) -> TunDevice.WriteResult {
        try bytes.withRawSpan { packet throws(TunError) in try write(packet, RawSpan(), RawSpan(), TransmitMetadata()) }
    }
}

import CLinuxTun
import Glibc

/// The system calls on a TUN, and on the packets that pass through one.
extension SystemCall {
    /// Opens `/dev/net/tun`, non-blocking. The corresponding C function is `open`.
    static func openTunDevice() throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try check(clinuxtun_open()))
    }

    /// Whether the TUN driver can put a virtio header in front of packets. The corresponding C function is `ioctl` with
    /// `TUNGETFEATURES`.
    static func knowsPacketHeaders(_ descriptor: CInt) throws(Errno) -> Bool {
        try check(clinuxtun_features(descriptor)) & CInt(CLINUXTUN_FLAG_HEADER) != 0
    }

    /// Makes a TUN interface or attaches to it, and returns the name it has. The corresponding C function is `ioctl`
    /// with `TUNSETIFF`.
    static func attach(_ descriptor: CInt, to name: InterfaceName, withHeaders: Bool, asOneOfSeveral: Bool)
        throws(Errno) -> String
    {
        var assigned: [CChar] = Array(repeating: 0, count: Int(CLINUXTUN_NAME_SIZE))
        var flags = CInt(CLINUXTUN_FLAGS_IP)
        if withHeaders { flags |= CInt(CLINUXTUN_FLAG_HEADER) }
        if asOneOfSeveral { flags |= CInt(CLINUXTUN_FLAG_QUEUE) }
        _ = try check(unsafe clinuxtun_attach(descriptor, name.text, flags, &assigned))
        return self.name(fromTerminated: assigned)
    }

    /// The text before the terminating zero byte.
    static func name(fromTerminated bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Says whether the interface outlives its last descriptor. The corresponding C function is `ioctl` with
    /// `TUNSETPERSIST`.
    static func setPersistent(_ persistent: Bool, _ descriptor: CInt) throws(Errno) {
        _ = try check(clinuxtun_set_persistent(descriptor, persistent ? 1 : 0))
    }

    /// How somebody attached a descriptor. The corresponding C function is `ioctl` with `TUNGETIFF`.
    static func attachment(of descriptor: CInt) throws(Errno) -> Attachment {
        let flags = try check(clinuxtun_attached_flags(descriptor))
        return Attachment(
            givesPackets: flags & CInt(CLINUXTUN_FLAG_TAP) == 0, hasHeaders: flags & CInt(CLINUXTUN_FLAG_HEADER) != 0)
    }

    /// How a TUN's descriptor was attached. Whether a protocol word stands in front of packets (no `IFF_NO_PI`) cannot be found
    /// out: the kernel reports another flag with the same number in its place.
    struct Attachment {
        /// It gives packets, and not Ethernet frames.
        let givesPackets: Bool
        /// A virtio header stands in front of each.
        let hasHeaders: Bool
    }

    /// Bytes of the virtio header. The corresponding C function is `ioctl` with `TUNGETVNETHDRSZ`.
    static func headerSize(of descriptor: CInt) throws(Errno) -> Int {
        Int(try check(clinuxtun_header_size(descriptor)))
    }

    /// The corresponding C function is `ioctl` with `TUNSETVNETHDRSZ`.
    static func setHeaderSize(_ bytes: Int, of descriptor: CInt) throws(Errno) {
        _ = try check(clinuxtun_set_header_size(descriptor, CInt(bytes)))
    }

    /// Says what the kernel may leave undone in the packets it gives. The corresponding C function is `ioctl` with
    /// `TUNSETOFFLOAD`.
    static func setOffload(_ offload: DeviceOffload, of descriptor: CInt) throws(Errno) {
        var flags: UInt32 = 0
        if offload.checksums { flags |= UInt32(CLINUXTUN_OFFLOAD_CHECKSUM) }
        if offload.segmentation { flags |= UInt32(CLINUXTUN_OFFLOAD_SEGMENT) }
        if offload.segmentationWithECN { flags |= UInt32(CLINUXTUN_OFFLOAD_SEGMENT_ECN) }
        _ = try check(clinuxtun_set_offload(descriptor, flags))
    }

    // MARK: Packets

    /// Reads one packet and appends it to `output`, but for the bytes that have places of their own. The corresponding C function is
    /// `readv`.
    ///
    /// - Parameters:
    ///   - headerSize: Bytes of the virtio header in front of the packet, as the device has it; 0 for none.
    ///   - headLength: How many bytes to append before the places are filled; what they do not hold is appended after those.
    /// - Returns: The header and the packet's byte count, which is negative if not even the header was whole.
    static func read(
        _ descriptor: CInt, headerSize: Int, into output: inout OutputRawSpan, headLength: Int = 0,
        _ first: inout MutableRawSpan, _ second: inout MutableRawSpan
    ) throws(Errno) -> (header: virtio_net_hdr, byteCount: Int) {
        let places = first.byteCount + second.byteCount
        return try unsafe output.withUnsafeMutableBytes { buffer, initializedCount throws(Errno) in
            let head = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...].prefix(headLength))
            let tail = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...].dropFirst(headLength))
            var header = virtio_net_hdr()
            let count = try unsafe first.withUnsafeMutableBytes { first throws(Errno) in
                try unsafe second.withUnsafeMutableBytes { second throws(Errno) in
                    try retrying { () -> Int in
                        unsafe clinuxtun_read_packet(
                            descriptor, &header, headerSize, head.baseAddress, head.count, first.baseAddress,
                            first.count,
                            second.baseAddress, second.count, tail.baseAddress, tail.count)
                    }
                }
            }
            let byteCount = count - headerSize
            initializedCount += max(0, byteCount - max(0, min(places, byteCount - head.count)))
            return (header, byteCount)
        }
    }

    /// Writes one packet in three pieces. The corresponding C function is `writev`; Linux raises `SIGPIPE` for no kind of
    /// descriptor in ``Kind``, a peer that closed is the error `EPIPE`.
    ///
    /// - Parameter headerSize: Bytes of the virtio header that the device wants in front; 0 for none.
    static func write(
        _ first: RawSpan, _ second: RawSpan, _ third: RawSpan, header: virtio_net_hdr, headerSize: Int,
        to descriptor: CInt
    ) throws(Errno) {
        var header = header
        try unsafe first.withUnsafeBytes { first throws(Errno) in
            try unsafe second.withUnsafeBytes { second throws(Errno) in
                try unsafe third.withUnsafeBytes { third throws(Errno) in
                    _ = try retrying { () -> Int in
                        unsafe clinuxtun_write_packet(
                            descriptor, &header, headerSize, first.baseAddress, first.count, second.baseAddress,
                            second.count, third.baseAddress, third.count)
                    }
                }
            }
        }
    }
}

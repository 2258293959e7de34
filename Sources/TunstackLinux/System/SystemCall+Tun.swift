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
    static func attach(_ descriptor: CInt, to name: InterfaceName, withHeaders: Bool) throws(Errno) -> String {
        var assigned: [CChar] = Array(repeating: 0, count: Int(CLINUXTUN_NAME_SIZE))
        let flags = CInt(CLINUXTUN_FLAGS_IP) | (withHeaders ? CInt(CLINUXTUN_FLAG_HEADER) : 0)
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

    /// Appends what one `read` gives to `output` and returns the byte count.
    static func read(_ descriptor: CInt, into output: inout OutputRawSpan) throws(Errno) -> Int {
        try unsafe output.withUnsafeMutableBytes { buffer, initializedCount throws(Errno) in
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...])
            let count = try retrying { unsafe Glibc.read(descriptor, free.baseAddress, free.count) }
            initializedCount += count
            return count
        }
    }

    /// Reads one packet behind a virtio header and appends it to `output`. The corresponding C function is `readv`.
    ///
    /// - Parameter headerSize: Bytes of the header, as the device has it.
    /// - Returns: The header and the packet's byte count, which is negative if not even the header was whole.
    static func read(
        _ descriptor: CInt, headerSize: Int, into output: inout OutputRawSpan
    ) throws(Errno) -> (header: virtio_net_hdr, byteCount: Int) {
        try unsafe output.withUnsafeMutableBytes { buffer, initializedCount throws(Errno) in
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...])
            var header = virtio_net_hdr()
            let count = try retrying { () -> Int in
                let result = unsafe clinuxtun_read_packet(
                    descriptor, &header, headerSize, free.baseAddress, free.count)
                return result
            }
            initializedCount += max(0, count - headerSize)
            return (header, count - headerSize)
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

import CLinuxTun
import Glibc
public import TunstackCore

/// A TUN device: whole IP packets in and out of the kernel, one per call.
///
/// The value owns the descriptor and closes it when its life ends. An interface that ``open(name:)`` made is deleted
/// by that; one that was made persistent beforehand (`ip tuntap add`) stays.
///
/// Nothing here blocks and nothing is queued: what would block is a result, and the caller decides.
///
/// If the kernel agrees, packets have a virtio header in front of them (`IFF_VNET_HDR`), ``offload`` says what it stands for, and
/// a packet may be a super-segment of up to 65,535 bytes.
public struct TunDevice: ~Copyable, Sendable {
    private let descriptor: FileDescriptor
    private let kind: SystemCall.Kind
    /// Bytes of the virtio header in front of each packet; 0 if there is none.
    private let headerSize: Int

    /// What the kernel does for the device's packets.
    public let offload: DeviceOffload

    /// The interface behind the device; nil for an adopted descriptor.
    public let interface: NetworkInterface?

    /// What ``read(into:)`` found.
    public enum ReadResult: Equatable, Sendable {
        /// One packet of this many bytes was appended. A super-segment has `segmentSize` bytes of text for each segment
        /// that it stands for, any other packet 0.
        case packet(byteCount: Int, checksum: ChecksumStatus, segmentSize: Int)
        /// What was read, and may have been appended, makes no sense together with its virtio header.
        case malformed
        /// No packet waits.
        case wouldBlock
        /// The other end of an adopted socket was closed; no packet will come any more.
        case endOfStream
    }

    /// What became of a packet given to ``write(_:)``.
    public enum WriteResult: Equatable, Sendable {
        /// The kernel has it.
        case written
        /// The device's queue is full. There is no call-back for room: a TCP counts the packet as lost.
        case wouldBlock
        /// The packet is lost but the device lives: `EIO` (the interface is down), `ENOBUFS` and `ENOMEM` (no memory),
        /// `EINVAL` and `EMSGSIZE` (not a packet that this device takes).
        case dropped(Errno)
    }

    /// Makes the TUN interface `name`, or attaches to it if it exists and nobody else holds it.
    ///
    /// The corresponding C functions are `open` of `/dev/net/tun` and `ioctl` with `TUNSETIFF`, `IFF_TUN`, `IFF_NO_PI` and, for
    /// offloads, `IFF_VNET_HDR`. The interface is made in the network namespace of the calling thread.
    ///
    /// - Parameters:
    ///   - name: 1...15 bytes; "%d" in it lets the kernel choose a number, ``interface`` has the result.
    ///   - isOneOfSeveral: Whether the interface has several queues (`IFF_MULTI_QUEUE`): opening the name that ``interface`` has once
    ///     more adds one. Each is a device of its own; the kernel gives packets of one flow to one of them, the one that last wrote a
    ///     packet of the flow if that was in the last three seconds. The interface goes with the last one.
    ///   - usesOffload: Whether to ask for offloads. What the kernel does not know is gone without: see ``offload``.
    /// - Throws: ``TunError/invalidName(_:)``, ``TunError/driverMissing(_:)``, ``TunError/notPermitted(_:_:)``,
    ///   ``TunError/nameInUse(_:)``, ``TunError/notATunInterface(_:)`` or ``TunError/refused(_:_:)``.
    public static func open(
        name: String, isOneOfSeveral: Bool = false, usesOffload: Bool = true
    ) throws(TunError) -> TunDevice {
        let name = try InterfaceName(name)
        let descriptor: FileDescriptor
        do throws(Errno) {
            descriptor = try SystemCall.openTunDevice()
        } catch {
            throw TunError(opening: error)
        }
        let number = descriptor.rawValue
        var withHeaders = usesOffload
        if usesOffload {
            withHeaders = try TunError.refusing(.readFeatures) { () throws(Errno) in
                try SystemCall.knowsPacketHeaders(number)
            }
        }
        let assigned: String
        do throws(Errno) {
            assigned = try SystemCall.attach(
                number, to: name, withHeaders: withHeaders, asOneOfSeveral: isOneOfSeveral)
        } catch {
            throw TunError(attachingTo: name, error)
        }
        let interface = try NetworkInterface(name: assigned)
        if withHeaders {
            // An interface that was there before may have had headers of another size.
            try TunError.refusing(.setHeaderSize) { () throws(Errno) in
                try SystemCall.setHeaderSize(Int(CLINUXTUN_HEADER_SIZE), of: number)
            }
        }
        let offload = try negotiateOffload(number, withHeaders: withHeaders)
        return TunDevice(
            descriptor: descriptor, kind: .device, interface: interface,
            headerSize: withHeaders ? Int(CLINUXTUN_HEADER_SIZE) : 0, offload: offload)
    }

    /// Asks for less and less until the kernel agrees. An interface that was there before forgets what it was asked before.
    private static func negotiateOffload(
        _ descriptor: CInt, withHeaders: Bool
    ) throws(TunError) -> DeviceOffload {
        for offload in withHeaders ? DeviceOffload.offers : [] {
            do throws(Errno) {
                try SystemCall.setOffload(offload, of: descriptor)
                return offload
            } catch {
                guard error.rawValue == EINVAL else { throw .refused(.setOffload, error) }
            }
        }
        try TunError.refusing(.setOffload) { () throws(Errno) in
            try SystemCall.setOffload(.none, of: descriptor)
        }
        return .none
    }

    /// Takes over an open descriptor that carries one packet per read and write: a TUN device that another program
    /// opened and attached, or one end of a `SOCK_SEQPACKET` or `SOCK_DGRAM` socket pair in its place.
    ///
    /// The descriptor becomes non-blocking and closed on exec. A TUN that has virtio headers (`IFF_VNET_HDR`) gets all offloads
    /// that the kernel agrees to; one without is used without. It must be one that was attached with `IFF_NO_PI`.
    ///
    /// - Parameter fileDescriptor: Belongs to the device from now on; if this throws, it stays the caller's.
    /// - Throws: ``TunError/notAPacketDescriptor``, ``TunError/unknownPacketForm`` or ``TunError/refused(_:_:)``.
    public init(adopting fileDescriptor: CInt) throws(TunError) {
        let kind: SystemCall.Kind?
        do throws(Errno) {
            kind = try SystemCall.kind(of: fileDescriptor)
            if kind != nil {
                try SystemCall.setNonBlockingCloseOnExec(fileDescriptor)
            }
        } catch {
            throw .refused(.adopt, error)
        }
        guard let kind else { throw .notAPacketDescriptor }
        var headerSize = 0
        var offload = DeviceOffload.none
        if kind == .device, let size = try Self.headerSize(ofAttached: fileDescriptor) {
            headerSize = size
            offload = try Self.negotiateOffload(fileDescriptor, withHeaders: true)
        }
        self.init(
            descriptor: FileDescriptor(owning: fileDescriptor), kind: kind, interface: nil, headerSize: headerSize,
            offload: offload)
    }

    /// Bytes of the virtio header on a TUN that somebody else attached; nil if it has none, or is no TUN.
    private static func headerSize(ofAttached descriptor: CInt) throws(TunError) -> Int? {
        let attachment: SystemCall.Attachment
        do throws(Errno) {
            attachment = try SystemCall.attachment(of: descriptor)
        } catch {
            // Another device, or a TUN that was attached to nothing: reading says what is wrong with it.
            return nil
        }
        guard attachment.givesPackets else { throw .unknownPacketForm }
        guard attachment.hasHeaders else { return nil }
        let size = try TunError.refusing(.readHeaderSize) { () throws(Errno) in
            try SystemCall.headerSize(of: descriptor)
        }
        guard (Int(CLINUXTUN_HEADER_SIZE)...Int(CLINUXTUN_HEADER_LIMIT)).contains(size) else {
            throw .unknownPacketForm
        }
        return size
    }

    private init(
        descriptor: consuming FileDescriptor, kind: SystemCall.Kind, interface: NetworkInterface?, headerSize: Int,
        offload: DeviceOffload
    ) {
        self.descriptor = descriptor
        self.kind = kind
        self.interface = interface
        self.headerSize = headerSize
        self.offload = offload
    }

    /// The descriptor, for an event loop to watch. It stays the device's own.
    public var fileDescriptor: CInt { descriptor.rawValue }

    /// Appends the next packet to `output`.
    ///
    /// The kernel cuts a packet that is longer than the free capacity and does not say so: leave at least the interface's MTU
    /// free, and 65,535 bytes if ``offload`` includes segmentation. An empty datagram of an adopted `SOCK_DGRAM` socket is a
    /// packet of no bytes. The corresponding C functions are `read` and `readv`.
    ///
    /// - Parameter output: Must have free capacity.
    /// - Throws: ``TunError/deviceGone(_:)`` or ``TunError/refused(_:_:)``; the device is of no more use then.
    public borrowing func read(into output: inout OutputRawSpan) throws(TunError) -> ReadResult {
        var nowhere = MutableRawSpan()
        var neither = MutableRawSpan()
        return try read(into: &output, headLength: 0, &nowhere, &neither)
    }

    /// Reads the next packet as ``read(into:)`` does, but for the bytes behind its first `headLength`: they fill `first` and then `second`
    /// as far as they go. The head, and what the two cannot hold, are appended to `output`.
    ///
    /// - Parameters:
    ///   - output: Needs free capacity for `headLength` bytes, and for a whole packet less what the two hold.
    ///   - headLength: Of the packet's first bytes, how many are appended to `output`.
    ///   - first: Where the bytes behind them go.
    ///   - second: Where the bytes behind those go.
    /// - Throws: As ``read(into:)``.
    public borrowing func read(
        into output: inout OutputRawSpan, headLength: Int, _ first: inout MutableRawSpan, _ second: inout MutableRawSpan
    ) throws(TunError) -> ReadResult {
        precondition(!output.isFull, "no room for a packet")
        do throws(Errno) {
            let (header, count) = try SystemCall.read(
                descriptor.rawValue, headerSize: headerSize, into: &output, headLength: headLength, &first, &second)
            guard headerSize > 0 else {
                guard count > 0 || !kind.endsWithEmptyRead else { return .endOfStream }
                return .packet(byteCount: count, checksum: .unverified, segmentSize: 0)
            }
            guard header.isValid(forPacketOf: count) else { return .malformed }
            return .packet(byteCount: count, checksum: header.checksumStatus, segmentSize: header.segmentSize)
        } catch {
            switch error.rawValue {
            case EAGAIN: return .wouldBlock
            case ECONNRESET: return .endOfStream
            case EBADFD: throw .deviceGone(error)
            default: throw .refused(.read, error)
            }
        }
    }

    /// Hands one IP packet to the kernel, complete as it is.
    ///
    /// - Throws: ``TunError/deviceGone(_:)`` or ``TunError/refused(_:_:)``; the device is of no more use then.
    public borrowing func write(_ packet: RawSpan) throws(TunError) -> WriteResult {
        try write(packet, RawSpan(), RawSpan(), TransmitMetadata())
    }

    /// Hands one IP packet to the kernel, in up to three pieces. The corresponding C function is `writev`.
    ///
    /// - Parameters:
    ///   - header: The headers at least.
    ///   - text: What follows.
    ///   - moreText: What follows that.
    ///   - metadata: What the kernel has to do to the packet, within ``offload``.
    /// - Throws: ``TunError/deviceGone(_:)`` or ``TunError/refused(_:_:)``; the device is of no more use then.
    public borrowing func write(
        _ header: RawSpan, _ text: RawSpan, _ moreText: RawSpan, _ metadata: TransmitMetadata
    ) throws(TunError) -> WriteResult {
        precondition(metadata.checksumStart == nil || offload.checksums, "nobody fills the checksum in")
        precondition(metadata.segmentSize == 0 || offload.segmentation, "nobody cuts the packet")
        do throws(Errno) {
            try SystemCall.write(
                header, text, moreText, header: virtio_net_hdr(metadata), headerSize: headerSize,
                to: descriptor.rawValue)
        } catch {
            switch error.rawValue {
            case EAGAIN: return .wouldBlock
            case EIO, ENOBUFS, ENOMEM, EINVAL, EMSGSIZE: return .dropped(error)
            case EBADFD, EPIPE, ECONNRESET, ECONNREFUSED, ENOTCONN: throw .deviceGone(error)
            default: throw .refused(.write, error)
            }
        }
        return .written
    }

    /// Says whether the interface stays when the device is closed. A new interface does not. The corresponding C
    /// function is `ioctl` with `TUNSETPERSIST`.
    ///
    /// - Throws: ``TunError/refused(_:_:)``.
    public borrowing func setPersistent(_ persistent: Bool) throws(TunError) {
        do throws(Errno) {
            try SystemCall.setPersistent(persistent, descriptor.rawValue)
        } catch {
            throw .refused(.setPersistent, error)
        }
    }
}

extension TunError {
    /// What `body` returns; its error is the kernel's refusal of `operation`.
    fileprivate static func refusing<Result>(
        _ operation: SystemOperation, _ body: () throws(Errno) -> Result
    ) throws(TunError) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            throw .refused(operation, error)
        }
    }

    /// Why `/dev/net/tun` could not be opened.
    init(opening errno: Errno) {
        switch errno.rawValue {
        case ENOENT, ENODEV, ENXIO, ENOTDIR: self = .driverMissing(errno)
        case EPERM, EACCES: self = .notPermitted(.openDevice, errno)
        default: self = .refused(.openDevice, errno)
        }
    }

    /// Why `TUNSETIFF` was refused for this name.
    init(attachingTo name: InterfaceName, _ errno: Errno) {
        switch errno.rawValue {
        case EPERM, EACCES: self = .notPermitted(.attach, errno)
        case EBUSY: self = .nameInUse(name.text)
        case EINVAL: self = .notATunInterface(name.text)
        default: self = .refused(.attach, errno)
        }
    }
}

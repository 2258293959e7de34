import Glibc

/// A TUN device: whole IP packets in and out of the kernel, one per call.
///
/// The value owns the descriptor and closes it when its life ends. An interface that ``open(name:)`` made is deleted
/// by that; one that was made persistent beforehand (`ip tuntap add`) stays.
///
/// Nothing here blocks and nothing is queued: what would block is a result, and the caller decides.
public struct TunDevice: ~Copyable, Sendable {
    private let descriptor: FileDescriptor
    private let kind: SystemCall.Kind

    /// The interface behind the device; nil for an adopted descriptor.
    public let interface: NetworkInterface?

    /// What ``read(into:)`` found.
    public enum ReadResult: Equatable, Sendable {
        /// One packet of this many bytes was appended.
        case packet(byteCount: Int)
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
    /// The corresponding C functions are `open` of `/dev/net/tun` and `ioctl` with `TUNSETIFF`, `IFF_TUN` and
    /// `IFF_NO_PI`. The interface is made in the network namespace of the calling thread.
    ///
    /// - Parameter name: 1...15 bytes; "%d" in it lets the kernel choose a number, ``interface`` has the result.
    /// - Throws: ``TunError/invalidName(_:)``, ``TunError/driverMissing(_:)``, ``TunError/notPermitted(_:_:)``,
    ///   ``TunError/nameInUse(_:)``, ``TunError/notATunInterface(_:)`` or ``TunError/refused(_:_:)``.
    public static func open(name: String) throws(TunError) -> TunDevice {
        let name = try InterfaceName(name)
        let descriptor: FileDescriptor
        do throws(Errno) {
            descriptor = try SystemCall.openTunDevice()
        } catch {
            throw TunError(opening: error)
        }
        let assigned: String
        do throws(Errno) {
            assigned = try SystemCall.attach(descriptor.rawValue, to: name)
        } catch {
            throw TunError(attachingTo: name, error)
        }
        let interface = try NetworkInterface(name: assigned)
        return TunDevice(descriptor: descriptor, kind: .device, interface: interface)
    }

    /// Takes over an open descriptor that carries one packet per read and write: a TUN device that another program
    /// opened and attached, or one end of a `SOCK_SEQPACKET` or `SOCK_DGRAM` socket pair in its place.
    ///
    /// The descriptor becomes non-blocking and closed on exec.
    ///
    /// - Parameter fileDescriptor: Belongs to the device from now on; if this throws, it stays the caller's.
    /// - Throws: ``TunError/notAPacketDescriptor`` or ``TunError/refused(_:_:)``.
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
        self.init(descriptor: FileDescriptor(owning: fileDescriptor), kind: kind, interface: nil)
    }

    private init(descriptor: consuming FileDescriptor, kind: SystemCall.Kind, interface: NetworkInterface?) {
        self.descriptor = descriptor
        self.kind = kind
        self.interface = interface
    }

    /// The descriptor, for an event loop to watch. It stays the device's own.
    public var fileDescriptor: CInt { descriptor.rawValue }

    /// Appends the next packet to `output`.
    ///
    /// The kernel cuts a packet that is longer than the free capacity and does not say so: leave at least the
    /// interface's MTU free. An empty datagram of an adopted `SOCK_DGRAM` socket is a packet of no bytes.
    ///
    /// - Parameter output: Must have free capacity.
    /// - Throws: ``TunError/deviceGone(_:)`` or ``TunError/refused(_:_:)``; the device is of no more use then.
    public borrowing func read(into output: inout OutputRawSpan) throws(TunError) -> ReadResult {
        precondition(!output.isFull, "no room for a packet")
        let count: Int
        do throws(Errno) {
            count = try SystemCall.read(descriptor.rawValue, into: &output)
        } catch {
            switch error.rawValue {
            case EAGAIN: return .wouldBlock
            case ECONNRESET: return .endOfStream
            case EBADFD: throw .deviceGone(error)
            default: throw .refused(.read, error)
            }
        }
        return count == 0 && kind.endsWithEmptyRead ? .endOfStream : .packet(byteCount: count)
    }

    /// Hands one IP packet to the kernel.
    ///
    /// - Throws: ``TunError/deviceGone(_:)`` or ``TunError/refused(_:_:)``; the device is of no more use then.
    public borrowing func write(_ packet: RawSpan) throws(TunError) -> WriteResult {
        do throws(Errno) {
            try SystemCall.write(packet, to: descriptor.rawValue)
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

import Glibc
import TunstackWire

/// `sockaddr_in`, read and written in place: the family in host order, port and address in network order.
enum SocketAddress {
    static let byteCount = 16

    /// The socket that an address names.
    static func read(_ pointer: UnsafeRawPointer?, length: socklen_t) throws(Errno) -> Endpoint {
        guard let pointer = unsafe pointer else { throw Errno(EFAULT) }
        guard length >= socklen_t(byteCount) else { throw Errno(EINVAL) }
        let family = unsafe pointer.loadUnaligned(as: UInt16.self)
        guard family == UInt16(AF_INET) else { throw Errno(EAFNOSUPPORT) }
        let port = unsafe UInt16(bigEndian: pointer.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        let address = unsafe UInt32(bigEndian: pointer.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        return Endpoint(IPv4Address(rawValue: address), Port(port))
    }

    /// Writes as much of an address as fits, and how long it is.
    static func write(
        _ endpoint: Endpoint, to pointer: UnsafeMutableRawPointer?, length: UnsafeMutablePointer<socklen_t>?
    ) {
        guard let pointer = unsafe pointer, let length = unsafe length, let address = endpoint.address.v4 else {
            return
        }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe buffer.storeBytes(of: UInt16(AF_INET), as: UInt16.self)
            unsafe buffer.storeBytes(of: endpoint.port.rawValue.bigEndian, toByteOffset: 2, as: UInt16.self)
            unsafe buffer.storeBytes(of: address.rawValue.bigEndian, toByteOffset: 4, as: UInt32.self)
        }
        let room = unsafe min(Int(length.pointee), byteCount)
        unsafe bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            unsafe pointer.copyMemory(from: base, byteCount: room)
        }
        unsafe length.pointee = socklen_t(byteCount)
    }
}

import Glibc
import Testing

@testable import TunstackLinux

/// A UDP socket of the kernel, in the namespace of the thread that makes it. Addresses are in host byte order.
struct KernelUDPSocket: ~Copyable {
    private let descriptor: FileDescriptor

    /// A non-blocking socket bound to `local` and connected to `remote`.
    init(from local: (address: UInt32, port: UInt16), to remote: (address: UInt32, port: UInt16)) throws {
        let number = socket(AF_INET, CInt(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        try #require(number >= 0)
        let descriptor = FileDescriptor(owning: number)
        try unsafe Self.withSocketAddress(local) { try #require(unsafe bind(number, $0, $1) == 0) }
        try unsafe Self.withSocketAddress(remote) { try #require(unsafe connect(number, $0, $1) == 0) }
        self.descriptor = descriptor
    }

    func send(_ bytes: [UInt8]) -> Bool {
        unsafe Glibc.send(descriptor.rawValue, bytes, bytes.count, 0) == bytes.count
    }

    /// The next datagram, or nil if none waits.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = unsafe recv(descriptor.rawValue, &bytes, bytes.count, 0)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    private static func withSocketAddress(
        _ endpoint: (address: UInt32, port: UInt16), _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
    ) rethrows {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = endpoint.address.bigEndian
        try unsafe withUnsafePointer(to: &address) { pointer in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// Deletes an interface of the calling thread's namespace, as `ip link delete` does: a netlink request RTM_DELLINK.
func deleteInterface(index: Int) throws {
    let netlink: CInt = 16  // AF_NETLINK
    let descriptor = socket(netlink, CInt(SOCK_RAW.rawValue), 0)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    // struct nlmsghdr: length 32, type RTM_DELLINK, flags REQUEST and ACK, sequence, port. struct ifinfomsg: family and
    // type, index, flags, change mask.
    let request: [UInt32] = [32, 17 | 5 << 16, 1, 0, 0, UInt32(index), 0, 0]
    let sent = unsafe Glibc.send(descriptor, request, 32, 0)
    try #require(sent == 32)
    // The acknowledgement is a header of 16 bytes and an error number, 0 for done.
    var reply = [Int32](repeating: -1, count: 64)
    let received = unsafe recv(descriptor, &reply, 256, 0)
    try #require(received >= 20)
    try #require(reply[4] == 0)
}

import Glibc
import Testing

/// A listening TCP socket of the kernel, in the namespace of the thread that makes it.
final class KernelTCPListener: Sendable {
    private let descriptor: CInt

    /// - Parameter address: In host byte order.
    init(address: UInt32, port: UInt16) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = address.bigEndian
        let bound = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(bound == 0)
        try #require(Glibc.listen(descriptor, 1_024) == 0)
    }

    deinit {
        close(descriptor)
    }

    /// Accepts so many connections and sends back the first byte of each; how many that worked for. Blocks.
    func echoOneByte(of count: Int) -> Int {
        var accepted: [CInt] = []
        defer { for connection in accepted { close(connection) } }
        var done = 0
        for _ in 0..<count {
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { return done }
            accepted.append(connection)
            var byte: UInt8 = 0
            let received = unsafe recv(connection, &byte, 1, 0)
            guard received == 1 else { return done }
            let sent = unsafe send(connection, &byte, 1, CInt(MSG_NOSIGNAL))
            if sent == 1 { done += 1 }
        }
        // The peer reads before the sockets are closed: they hold nothing unread, so closing sends a FIN behind the byte.
        return done
    }
}

import Glibc
import Testing
import Tunstack

/// A connected pair of packet sockets: each end stands for a TUN device.
enum Cable {
    /// Both ends, the caller's to close or to give to a stack.
    static func makeEnds() throws -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        let result = unsafe socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends)
        try #require(result == 0)
        return (ends[0], ends[1])
    }
}

/// One end of a cable with no stack at it: it hears what a stack sends, and says nothing by itself.
struct BareEnd: ~Copyable {
    private let descriptor: CInt

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// The next packet, as soon as there is one.
    func nextPacket() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 2_048)
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        try #require(count > 0)
        return Array(bytes.prefix(count))
    }
}

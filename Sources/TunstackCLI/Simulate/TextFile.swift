import Glibc
import Tunstack

/// A text that somebody has written.
enum TextFile {
    /// More is no text that somebody has written.
    private static let limit = 1 << 20

    /// - Throws: ``CommandFailure`` if there is no such file, or it is no text.
    static func read(_ path: String) throws(CommandFailure) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CommandFailure("cannot read \(path) (\(Errno(rawValue: errno)))") }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4_096)
        while bytes.count <= limit {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes += piece.prefix(count)
            } else if count == 0 {
                guard let text = String(validating: bytes, as: UTF8.self) else { break }
                return text
            } else if errno != EINTR {
                throw CommandFailure("cannot read \(path) (\(Errno(rawValue: errno)))")
            }
        }
        throw CommandFailure("\(path) is no text of at most \(limit) bytes")
    }
}

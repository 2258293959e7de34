import Glibc
import Tunstack

/// A descriptor to write to. Each text goes out in one system call, so that lines of different tasks do not mix and nothing
/// waits in a buffer.
struct OutputStream: Sendable {
    let descriptor: CInt

    static let standardOutput = OutputStream(descriptor: STDOUT_FILENO)
    static let standardError = OutputStream(descriptor: STDERR_FILENO)

    /// Makes or empties a file.
    ///
    /// - Throws: `Errno`.
    init(creating path: String) throws(Errno) {
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    }

    private init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// Writes a line, to whoever is still there to read it: a reader that has gone away (`tunstack --trace | head`) is no
    /// reason to stop serving.
    func print(_ line: String) {
        do throws(Errno) {
            try write(Array("\(line)\n".utf8))
        } catch {
            return
        }
    }

    /// Writes all bytes; waits if the descriptor is non-blocking and full.
    func write(_ bytes: [UInt8]) throws(Errno) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                waitForRoom()
            } else if errno != EINTR {
                throw Errno(rawValue: errno)
            }
        }
    }

    private func waitForRoom() {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, -1)
    }

    /// Closes a file that ``init(creating:)`` made.
    func close() {
        _ = Glibc.close(descriptor)
    }
}

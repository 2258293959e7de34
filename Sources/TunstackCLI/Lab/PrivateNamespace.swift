import Glibc
import Tunstack

/// Runs this program again in a network namespace of its own, by util-linux's `unshare`.
enum PrivateNamespace {
    /// The ways there, the one with the least first. An ordinary user needs a user namespace around the network namespace,
    /// in which it is root.
    private static var ways: [[String]] {
        let unprivileged = ["--user", "--map-root-user", "--net"]
        return geteuid() == 0 ? [["--net"], unprivileged] : [unprivileged]
    }

    /// Replaces this process by the same program in a namespace.
    ///
    /// - Parameter arguments: For the program, without its name.
    /// - Returns: Why that failed; it does not return otherwise.
    static func reexecute(with arguments: [String]) -> CommandFailure {
        do throws(CommandFailure) {
            let way = try findWay()
            let command = ["unshare"] + way + ["--", try ownPath()] + arguments
            _ = unsafe CommandVector.withPointers(to: command) { unsafe execvp("unshare", $0) }
            return CommandFailure("cannot run unshare (\(Errno(rawValue: errno)))")
        } catch {
            return error
        }
    }

    /// Tries the ways out, for `unshare` replaces this process, and then nobody is left to explain a refusal.
    private static func findWay() throws(CommandFailure) -> [String] {
        for way in ways {
            let code: Int32
            do throws(CommandFailure) {
                code = try ChildProcess(running: ["unshare"] + way + ["true"], isQuiet: true).wait()
            } catch {
                guard error.exitCode == 127 else { throw error }
                throw CommandFailure("there is no unshare here: install util-linux, `sudo apt-get install util-linux`")
            }
            if code == 0 { return way }
        }
        throw CommandFailure(
            """
            this system does not allow private namespaces: run it as root; or allow them, \
            `sudo sysctl kernel.unprivileged_userns_clone=1` (Debian), \
            `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu), \
            `--privileged` (a container)
            """)
    }

    /// Where this program is; its name alone need not lead there.
    private static func ownPath() throws(CommandFailure) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return unsafe readlink("/proc/self/exe", base, buffer.count)
        }
        guard count > 0 else {
            throw CommandFailure(
                "cannot find this program by /proc/self/exe (\(Errno(rawValue: errno))): is /proc mounted?")
        }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

import Dispatch
import Glibc
import Tunstack

/// A program that runs beside this one, with the same standard input and output.
struct ChildProcess: Sendable {
    private let identifier: pid_t

    /// Starts a program, found by PATH. Signals are as they were before this program changed them.
    ///
    /// - Parameters:
    ///   - command: Its name and its arguments.
    ///   - isQuiet: What it prints is thrown away.
    /// - Throws: ``CommandFailure`` with exit code 127 if there is no such program, 126 if it cannot be run, as shells do.
    init(running command: [String], isQuiet: Bool = false) throws(CommandFailure) {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var files = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&files)
        defer { unsafe posix_spawn_file_actions_destroy(&files) }
        if isQuiet {
            for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
                unsafe posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_WRONLY, 0)
            }
        }

        var identifier = pid_t()
        let result = unsafe CommandVector.withPointers(to: command) { arguments in
            unsafe posix_spawnp(&identifier, command[0], &files, &attributes, arguments, environ)
        }
        guard result == 0 else {
            let error = Errno(rawValue: result)
            throw CommandFailure(
                "cannot run \(command[0]) (\(error)): install it, or check the name",
                exitCode: result == ENOENT ? 127 : 126)
        }
        self.identifier = identifier
    }

    /// Sends it a signal.
    func signal(_ number: CInt) {
        kill(identifier, number)
    }

    /// Suspends until the program has ended.
    ///
    /// - Returns: Its exit code, or 128 and the number of the signal that ended it, as shells do.
    func waitForExit() async -> Int32 {
        await withCheckedContinuation { continuation in
            // waitpid blocks, so it gets a thread of its own.
            DispatchQueue(label: "tunstack child").async { continuation.resume(returning: wait()) }
        }
    }

    /// Blocks until the program has ended; the result is that of ``waitForExit()``.
    func wait() -> Int32 {
        var status: CInt = 0
        while unsafe waitpid(identifier, &status, 0) < 0 {
            guard errno == EINTR else { return 1 }
        }
        // The encoding that WIFEXITED and its relatives take apart.
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
}

/// Argument lists of programs as C has them.
enum CommandVector {
    /// Hands out an array of C strings with a null pointer behind the last one.
    static func withPointers<Result>(
        to command: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let strings = unsafe command.map { unsafe strdup($0) } + [nil]
        defer { unsafe strings.forEach { unsafe free($0) } }
        return unsafe strings.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("the array has at least its null pointer") }
            return unsafe body(base)
        }
    }
}

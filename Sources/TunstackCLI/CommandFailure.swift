import Glibc

/// A failure that ends the program: one line for the person at the terminal, and an exit code.
struct CommandFailure: Error, Equatable {
    /// What happened and what to do next.
    let message: String
    /// 1 unless something else says more.
    let exitCode: Int32

    init(_ message: String, exitCode: Int32 = 1) {
        self.message = message
        self.exitCode = exitCode
    }

    /// Says it on standard error and ends the program.
    func exit() -> Never {
        OutputStream.standardError.print("tunstack: \(message)")
        Glibc.exit(exitCode)
    }
}

import ArgumentParser
import Glibc
import Tunstack

/// `tunstack lab`: a network of its own for one command, with the stack in it.
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Run a command in a private network with the stack in it. Needs no root.",
        usage: "tunstack lab [options] -- COMMAND [ARGUMENT ...]",
        discussion: """
            Makes a user and a network namespace, brings the stack up in there, runs the command, and ends with its exit code. \
            Nothing outside is touched. The command keeps the terminal; what the stack has to say goes to standard error.

            Examples:
              tunstack lab --echo 9877 -- nc 10.77.0.2 9877
              tunstack lab --echo 9877 --trace -- sh -c 'echo hello | nc -N 10.77.0.2 9877'
              tunstack lab --echo 9877 -- ping -c 3 10.77.0.2
            """)

    @OptionGroup var options: ServeOptions

    @Flag(help: .private)
    var insideNamespace = false

    @Argument(parsing: .postTerminator, help: "The command and its arguments.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else {
            throw ValidationError(
                "no command to run: put it behind --, as in `tunstack lab --echo 9877 -- nc 10.77.0.2 9877`")
        }
    }

    func run() async throws {
        try options.requireService()
        guard insideNamespace else {
            // The first two arguments are the program and `lab`.
            throw PrivateNamespace.reexecute(with: ["lab", "--inside-namespace"] + CommandLine.arguments.dropFirst(2))
        }
        try Self.bringUpLoopback()
        // An interrupt from the terminal is the command's to handle; a request to end is passed on to it.
        let signals = Signals([SIGINT, SIGTERM, SIGUSR1])
        defer { signals.stop() }
        let received = signals.received
        let server = try await Server.start(options, output: .standardError, isPartOfLab: true)
        let child = try ChildProcess(running: command)
        let code = try await server.run {
            let relay = Task {
                for await number in received {
                    switch number {
                    case SIGUSR1: await server.printConnections()
                    case SIGTERM: child.signal(SIGTERM)
                    default: break
                    }
                }
            }
            defer { relay.cancel() }
            return await child.waitForExit()
        }
        throw ExitCode(code)
    }

    /// What to do about a stack that does not come up in here, where the way of `TunError` would lead in a circle.
    static func explain(_ error: TunnelError) -> String {
        guard case .device(.notPermitted(.openDevice, let errno)) = error else { return "\(error)" }
        return "only root may open /dev/net/tun here (\(errno)): let everyone do so, `sudo chmod 666 /dev/net/tun`"
    }

    private static func bringUpLoopback() throws(CommandFailure) {
        do throws(TunError) {
            try NetworkInterface(name: "lo").bringUp()
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}

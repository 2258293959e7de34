import ArgumentParser
import Glibc
import Tunstack

/// `tunstack serve`, and `tunstack` without a subcommand.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "A TCP/IP stack in Swift behind a TUN device, with the classic services on it.",
        usage: """
            sudo tunstack --echo 9877                         serve until Ctrl-C
            tunstack lab --echo 9877 -- nc 10.77.0.2 9877     the same around a command, without root
            tunstack help SUBCOMMAND                          the options of a subcommand
            """,
        discussion: """
            Brings up the interface tunstack0 with the host at 10.77.0.1 and the stack at 10.77.0.2. Ctrl-C closes the \
            connections and removes the interface; a second one does not wait. SIGUSR1 lists all connections: \
            pkill -USR1 tunstack.

            Subcommands: serve (the default), \(Subcommands.others.joined(separator: ", ")).
            """)

    @OptionGroup var options: ServeOptions

    func run() async throws {
        try options.requireService()
        let signals = Signals([SIGINT, SIGTERM, SIGUSR1])
        defer { signals.stop() }
        let received = signals.received
        let server = try await Server.start(options, output: .standardOutput)
        try await server.run { await Self.waitForTermination(received, server) }
    }

    /// Lists connections when asked to, until asked to end. From then on, another signal ends the program at once.
    private static func waitForTermination(_ signals: AsyncStream<CInt>, _ server: Server) async {
        for await number in signals {
            if number == SIGUSR1 {
                await server.printConnections()
            } else {
                Task {
                    for await number in signals where number != SIGUSR1 { Glibc.exit(128 + number) }
                }
                return
            }
        }
    }
}

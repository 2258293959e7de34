import ArgumentParser

/// The `tunstack` command.
@main
struct TunstackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tunstack",
        abstract: "A TCP/IP stack in Swift behind a TUN device.",
        version: "0.1.0",
        subcommands: Subcommands.all,
        defaultSubcommand: ServeCommand.self)

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if ["--help", "-h", "help"].contains(where: { arguments == [$0] }) {
            // What most people look for: the options of serving, which is what the command does by itself.
            print(helpMessage(for: ServeCommand.self))
            return
        }
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            failure.exit()
        } catch {
            exit(reporting: error)
        }
    }

    /// Ends the program as ArgumentParser would, but with one line for a mistake.
    private static func exit(reporting error: any Error) -> Never {
        let code = exitCode(for: error)
        guard code == .validationFailure else { exit(withError: error) }
        let text = message(for: error).split(separator: "\n").joined(separator: " ")
        CommandFailure("\(text) (see `tunstack --help`)", exitCode: code.rawValue).exit()
    }
}

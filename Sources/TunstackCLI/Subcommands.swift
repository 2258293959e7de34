import ArgumentParser

/// What `tunstack` can be asked to do.
enum Subcommands {
    static let all: [any ParsableCommand.Type] = [
        ServeCommand.self, LabCommand.self, Demo.self, SimulateCommand.self, StatesCommand.self,
    ]

    /// The names of those beside the default one, for its help.
    static let others = ["lab", "demo", "simulate", "states"]
}

import ArgumentParser
import TunstackSimulator

/// Where the plan of a seed comes from: the seed itself, a path that was given, or a file.
struct PlanSource: Sendable {
    private enum Kind {
        case seed
        case path(PathConditions, bytes: Int?)
        case file(String, SimulationPlan)
    }

    private let kind: Kind

    /// - Throws: `ValidationError` for options that make no sense, ``CommandFailure`` for a file that cannot be read or
    ///   holds no plan.
    init(_ options: SimulateOptions, _ path: PathOptions) throws {
        let conditions = try path.conditions()
        guard let file = options.plan else {
            kind = conditions.map { .path($0, bytes: path.bytes) } ?? .seed
            return
        }
        if conditions != nil { throw ValidationError("--plan has its own paths: leave the others out") }
        kind = .file(file, try Self.read(file))
    }

    private static func read(_ file: String) throws -> SimulationPlan {
        let text = try TextFile.read(file)
        do throws(PlanError) {
            return try SimulationPlan(parsing: text)
        } catch {
            throw CommandFailure("\(file) is no plan: \(error)")
        }
    }

    /// The plan that belongs to a seed.
    func plan(of seed: UInt64) -> SimulationPlan {
        switch kind {
        case .seed: SimulationPlan(seed: seed)
        case .path(let conditions, let bytes): SimulationPlan(seed: seed, bulkOver: conditions, bytes: bytes)
        case .file(_, let plan): plan
        }
    }

    var plan: @Sendable (UInt64) -> SimulationPlan { { plan(of: $0) } }

    /// Every seed plays the same transfer.
    var isTransfer: Bool { if case .path = kind { true } else { false } }

    /// The command that plays the plan of a seed again.
    func command(for seed: UInt64) -> String {
        switch kind {
        case .seed: return "tunstack simulate --seed \(seed) --seeds 1"
        case .file(let file, _): return "tunstack simulate --plan \(file)"
        case .path(let conditions, let bytes):
            let size = bytes.map { " --bytes \($0)" } ?? ""
            return "tunstack simulate --seed \(seed) --seeds 1 --path \"\(conditions)\"\(size)"
        }
    }
}

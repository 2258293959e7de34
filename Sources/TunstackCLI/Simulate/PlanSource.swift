import ArgumentParser
import Tunstack
import TunstackSimulator

/// Where the plan of a seed comes from: the seed itself, a path that was given, or a file.
struct PlanSource: Sendable {
    private enum Kind {
        case seed
        case path(PathConditions, bytes: Int?, CongestionAlgorithm)
        case file(String, SimulationPlan)
    }

    private var kind: Kind

    /// The congestion controls that are to be played one after another.
    let algorithms: [CongestionAlgorithm]

    /// - Throws: `ValidationError` for options that make no sense, ``CommandFailure`` for a file that cannot be read or
    ///   holds no plan.
    init(_ options: SimulateOptions, _ path: PathOptions) throws {
        let conditions = try path.conditions()
        let algorithms = try path.algorithms()
        self.algorithms = algorithms
        if algorithms.count > 1, options.isSingle {
            throw ValidationError("--capture and --plot are for one run: give one congestion control")
        }
        guard let file = options.plan else {
            kind = conditions.map { .path($0, bytes: path.bytes, algorithms[0]) } ?? .seed
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
        case .path(let conditions, let bytes, let congestion):
            SimulationPlan(seed: seed, bulkOver: conditions, bytes: bytes, congestion: congestion)
        case .file(_, let plan): plan
        }
    }

    /// The same transfers with another congestion control.
    func with(_ congestion: CongestionAlgorithm) -> PlanSource {
        guard case .path(let conditions, let bytes, _) = kind else { return self }
        var source = self
        source.kind = .path(conditions, bytes: bytes, congestion)
        return source
    }

    var plan: @Sendable (UInt64) -> SimulationPlan { { plan(of: $0) } }

    /// Every seed plays the same transfer.
    var isTransfer: Bool { if case .path = kind { true } else { false } }

    /// The command that plays the plan of a seed again.
    func command(for seed: UInt64) -> String {
        switch kind {
        case .seed: return "tunstack simulate --seed \(seed) --seeds 1"
        case .file(let file, _): return "tunstack simulate --plan \(file)"
        case .path(let conditions, let bytes, let congestion):
            let size = bytes.map { " --bytes \($0)" } ?? ""
            let algorithm = congestion == .cubic ? "" : " --congestion \(congestion.rawValue)"
            return "tunstack simulate --seed \(seed) --seeds 1 --path \"\(conditions)\"\(size)\(algorithm)"
        }
    }
}

import TunstackSimulator

/// What `tunstack demo` prints.
struct DemoText {
    let scenario: Scenario
    let outcome: ScenarioOutcome
    let isAbsolute: Bool

    /// The scenarios with their summaries, and what to do next.
    static func list(_ scenarios: [Scenario]) -> [String] {
        let width = scenarios.map(\.name.count).max() ?? 0
        return scenarios.map { scenario in
            scenario.name + String(repeating: " ", count: width - scenario.name.count + 2) + scenario.summary
        } + ["", "'tunstack demo NAME' shows one, 'tunstack demo all' checks all."]
    }

    /// The scenario.
    ///
    /// - Parameters:
    ///   - form: how to show it; nil as the scenario prefers.
    ///   - isOne: whether it is the only one to be shown; of all of them only the checks are.
    func lines(_ form: Demo.Form?, isOne: Bool) -> [String] {
        guard isOne else { return summary }
        if form == nil, let replay = outcome.replay { return replay + failures }
        guard form == .trace else { return title + explanation + drawings + checks }
        return trace + failures
    }

    private var title: [String] {
        let text = "\(scenario.name): \(scenario.summary)"
        return [text, String(repeating: "=", count: text.count), ""]
    }

    private var explanation: [String] {
        scenario.explanation.flatMap { wrapped($0) + [""] }
    }

    private var drawings: [String] {
        outcome.parts.flatMap { part in
            var lines: [String] = []
            if let title = part.title { lines += [title, String(repeating: "-", count: title.count), ""] }
            if let ladder = part.ladder(isAbsolute: isAbsolute) { lines += ladder.lines + [""] }
            return lines + part.figures.flatMap { $0 + [""] }
        }
    }

    private var trace: [String] {
        outcome.parts.flatMap { part in
            let title = part.title.map { outcome.parts.count > 1 ? ["# \($0)"] : [] } ?? []
            return title + part.lines(isAbsolute: isAbsolute)
        }
    }

    private var checks: [String] {
        let marks = outcome.checks.map { check in
            check.holds ? "  ✓ \(check.claim)" : "  ✗ \(check.claim): \(check.found)"
        }
        let facts = scenario.facts.isEmpty ? "" : " (facts \(scenario.facts.joined(separator: ", ")))"
        return ["Checked\(facts):"] + marks
    }

    private var failures: [String] { outcome.failures.map { "✗ \($0.claim): \($0.found)" } }

    private var summary: [String] {
        let count = outcome.checks.count
        let held = count - outcome.failures.count
        return ["\(outcome.failures.isEmpty ? "✓" : "✗") \(scenario.name): \(held) of \(count) claims hold"]
            + outcome.failures.map { "    ✗ \($0.claim): \($0.found)" }
    }

    /// A paragraph in lines of the ladder's width.
    private func wrapped(_ paragraph: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in paragraph.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > Ladder.width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return line.isEmpty ? lines : lines + [line]
    }
}

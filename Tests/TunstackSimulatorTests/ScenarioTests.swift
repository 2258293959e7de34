import TestSupport
import Testing
import TunstackSimulator

/// Scenarios check their own claims; here each is played, group by group, with the facts that the group shows.
@Suite("Scenarios")
struct ScenarioTests {
    private static let numbering = ["numbers", "push-urgent"]
    private static let opening = [
        "refused", "handshake", "stale-syn", "isn", "syn-timeout", "simultaneous-open", "syn-flood",
    ]
    private static let closing = [
        "close", "half-close", "three-segment-close", "simultaneous-close", "fin-wait-1-to-time-wait", "close-wait",
        "fin-wait-2",
    ]
    private static let waiting = ["time-wait", "quiet-time"]
    private static let failing = ["keep-alive", "half-open", "abort"]
    private static let observing = ["golden", "states"]
    private static let transferring = ["loss", "zero-window"]

    /// Plays a scenario and reports every claim that does not hold.
    private func expectClaimsHold(_ name: String, seed: UInt64 = 1) throws {
        let scenario = try #require(Scenario.named(name), "there is no such scenario")
        let outcome = scenario.run(seed: seed)
        #expect(!outcome.checks.isEmpty)
        for failure in outcome.failures { Issue.record("\(name), seed \(seed): \(failure.claim): \(failure.found)") }
    }

    @Test(
        "the claims about numbers and flags hold",
        .requirement("mission B3"), .requirement("mission B4"), .requirement("mission B5"), .requirement("mission B6"),
        .requirement("mission B7"), .requirement("mission B8"), .requirement("mission B10"), arguments: numbering)
    func numbers(name: String) throws { try expectClaimsHold(name) }

    @Test(
        "the claims about opening hold",
        .requirement("mission B9"), .requirement("mission B10"),
        .requirement("mission B11"), .requirement("mission B12"), .requirement("mission B13"),
        .requirement("mission B14"), .requirement("mission B15"), .requirement("mission B16"),
        .requirement("mission B17"), .requirement("mission B18"), .requirement("mission B19"),
        .requirement("mission B20"), .requirement("mission B21"), .requirement("mission B22"), arguments: opening)
    func opens(name: String) throws { try expectClaimsHold(name) }

    @Test(
        "the claims about closing hold",
        .requirement("mission B23"), .requirement("mission B24"), .requirement("mission B25"),
        .requirement("mission B26"), .requirement("mission B27"), .requirement("mission B28"),
        .requirement("mission B29"), .requirement("mission B30"), .requirement("mission B31"),
        .requirement("mission B32"), .requirement("mission B33"), .requirement("mission B34"), arguments: closing)
    func closes(name: String) throws { try expectClaimsHold(name) }

    @Test(
        "the claims about TIME-WAIT and quiet time hold",
        .requirement("mission B35"), .requirement("mission B36"), .requirement("mission B37"),
        .requirement("mission B38"), .requirement("mission B39"), .requirement("mission B40"),
        .requirement("mission B41"), arguments: waiting)
    func waits(name: String) throws { try expectClaimsHold(name) }

    @Test(
        "the claims about failure hold",
        .requirement("mission B42"), .requirement("mission B43"), .requirement("mission B44"), arguments: failing)
    func fails(name: String) throws { try expectClaimsHold(name) }

    @Test(
        "the claims about traces and listings hold",
        .requirement("mission B46"), .requirement("mission B47"), .requirement("mission B48"), arguments: observing)
    func observes(name: String) throws { try expectClaimsHold(name) }

    @Test("the claims about loss and closed windows hold", arguments: transferring)
    func transfers(name: String) throws { try expectClaimsHold(name) }

    @Test("the claims hold whatever the seed", arguments: 2...20 as ClosedRange<UInt64>)
    func anySeed(seed: UInt64) throws {
        for scenario in Scenario.all { try expectClaimsHold(scenario.name, seed: seed) }
    }

    @Test("every scenario belongs to a group here, and no two have one name")
    func complete() {
        let groups = [
            Self.numbering, Self.opening, Self.closing, Self.waiting, Self.failing, Self.observing, Self.transferring,
        ]
        #expect(groups.flatMap { $0 }.sorted() == Scenario.all.map(\.name).sorted())
    }

    @Test(
        "a scenario explains itself, fits the page, and names facts of the mission", arguments: Scenario.all.map(\.name)
    )
    func presentation(name: String) throws {
        let scenario = try #require(Scenario.named(name))
        #expect(!scenario.summary.isEmpty && scenario.summary.count <= 80)
        #expect(!scenario.explanation.isEmpty)
        #expect(scenario.facts.allSatisfy { fact in (1...48).contains { "B\($0)" == fact } })
        let outcome = scenario.run()
        for part in outcome.parts {
            for line in (part.ladder()?.lines ?? []) + part.figures.flatMap({ $0 }) {
                #expect(line.count <= Ladder.width)
            }
        }
    }

    @Test("a scenario asked for by a name that nobody has is not found")
    func unknown() {
        #expect(Scenario.named("handshakes") == nil)
    }
}

import Testing
import TunstackSimulator

/// What some seeds sent when it was written down. A digest depends on every byte of every packet and on when it was sent.
///
/// A change that alters what stacks send, or which plans seeds draw, changes these numbers, and rightly so: the test
/// prints the lines to put here instead. Without such a change they are the same on every machine and in every build.
private let recorded: [(seed: UInt64, digest: UInt64)] = [
    (seed: 1, digest: 0x154F94DBEF288A85),
    (seed: 2, digest: 0x4B5C8EF518EDC085),
    (seed: 3, digest: 0x7B372F13A43D9645),
    (seed: 5, digest: 0xA07AF88D799F617F),
    (seed: 8, digest: 0xB8B1983EC9858C51),
    (seed: 13, digest: 0x9BC4A2A21312280C),
    (seed: 21, digest: 0xA35A88C980BD8A8B),
    (seed: 34, digest: 0x7D8974E972FFAF43),
    (seed: 55, digest: 0xF18CEFAB78FCE7A8),
    (seed: 89, digest: 0xE8315A4558245657),
    (seed: 144, digest: 0x959A83212828B131),
    (seed: 233, digest: 0x41DBCDD16D614757),
]

@Suite("Recorded seeds")
struct RecordedSeedsTests {
    @Test("a seed sends the bytes that it sent when they were recorded, on every machine")
    func recordedDigests() {
        let played = recorded.map {
            (seed: $0.seed, digest: SimulationRun(SimulationPlan(seed: $0.seed)).report().digest)
        }
        let lines = played.map { "    (seed: \($0.seed), digest: 0x\(String($0.digest, radix: 16, uppercase: true)))," }
        #expect(
            played.map(\.digest) == recorded.map(\.digest),
            "if this change is meant to alter what is sent, record:\n\(lines.joined(separator: "\n"))")
    }
}

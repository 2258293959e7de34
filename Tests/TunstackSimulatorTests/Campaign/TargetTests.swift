import Testing
import TunstackSimulator

@Suite("What a plan asks of a flow")
struct TargetTests {
    private func oracles(_ conditions: String, _ facts: String) throws -> [String] {
        let plan = try SimulationPlan(
            parsing: "seed 1\nhost a\nhost b\npath a b \(conditions)\nflow a b bulk bytes=200000 \(facts)")
        return SimulationRun(plan).report().violations.map(\.oracle)
    }

    @Test("so many segments may be sent again, and no more")
    func resent() throws {
        #expect(try oracles("delay=10ms", "resent=0").isEmpty)
        #expect(try oracles("delay=10ms loss=2%", "resent=0") == ["targets"])
        #expect(try oracles("delay=10ms loss=2%", "resent=100").isEmpty)
    }

    @Test("the last byte must come in time")
    func within() throws {
        #expect(try oracles("delay=10ms", "within=1s").isEmpty)
        #expect(try oracles("delay=10ms", "within=30ms") == ["targets"])
    }
}

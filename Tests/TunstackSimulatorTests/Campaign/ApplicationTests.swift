import Testing
import TunstackCore
import TunstackSimulator

@Suite("Applications of campaigns")
struct ApplicationTests {
    /// Plays one flow over a short path and gives its report.
    private func play(_ kind: FlowPlan.Kind, _ change: (inout FlowPlan) -> Void = { _ in }) throws -> FlowReport {
        var plan = SimulationPlan(empty: 1)
        plan.hosts = [HostPlan(), HostPlan()]
        for index in plan.hosts.indices { plan.hosts[index].options.receiveBufferBytes = 4_000 }
        plan.paths = [PathPlan(0, 1, PathConditions(delay: .milliseconds(5)))]
        var flow = FlowPlan(kind, from: 0, to: 1)
        flow.bytes = 10_000
        flow.answer = 3_000
        flow.portion = 900
        flow.pause = .milliseconds(30)
        change(&flow)
        plan.flows = [flow]
        let report = SimulationRun(plan).report()
        #expect(report.violations == [])
        return try #require(report.flows.first)
    }

    @Test(
        "both directions of a bulk transfer and of a half-close carry everything",
        arguments: [FlowPlan.Kind.bulk, .halfClose])
    func bothWays(kind: FlowPlan.Kind) throws {
        let flow = try play(kind)
        #expect(flow.bytesReceived == 13_000)
        #expect(flow.reasons == [.closed])
    }

    @Test("every round of an exchange is played")
    func exchange() throws {
        let flow = try play(.exchange) { $0.rounds = 5 }
        #expect(flow.bytesReceived == 65_000)
        #expect(flow.duration > .milliseconds(5 * 10 + 4 * 30))
    }

    @Test("a slow reader takes its time and gets everything")
    func slowReader() throws {
        let flow = try play(.slowReader) { $0.answer = 0 }
        #expect(flow.bytesReceived == 10_000)
        #expect(flow.duration >= .milliseconds(12 * 30))
    }

    @Test("a sender that waits for acknowledgments waits a round trip for each chunk")
    func chunks() throws {
        let flow = try play(.chunks) { $0.answer = 0 }
        #expect(flow.bytesReceived == 10_000)
        #expect(flow.duration >= .milliseconds(11 * 10))
    }

    @Test("connections follow one another")
    func churn() throws {
        let flow = try play(.exchange) { $0.connections = 4 }
        #expect(flow.reasons == [.closed, .closed, .closed, .closed])
        #expect(flow.bytesReceived == 52_000)
    }

    @Test("who leaves in the middle ends the connection", arguments: [true, false])
    func leaver(isClient: Bool) throws {
        let flow = try play(.bulk) {
            $0.leaver = FlowPlan.Departure(isClient: isClient, bytes: 5_000, farewell: .abort)
        }
        #expect(flow.bytesReceived < 13_000)
        #expect(flow.reasons == [isClient ? .aborted : .resetByPeer])
    }
}

import Testing
import TunstackCore
import TunstackSimulator

@Suite("Plans")
struct PlanTests {
    @Test("a plan's text reads back as the same plan", arguments: 1...200 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        let plan = SimulationPlan(seed: seed)
        #expect(try SimulationPlan(parsing: plan.description) == plan)
    }

    @Test("a line with a seed alone is the plan that belongs to the seed")
    func seedAlone() throws {
        #expect(try SimulationPlan(parsing: "# found on a Friday\n\nseed 42\n") == SimulationPlan(seed: 42))
    }

    @Test("every fact of a plan is read")
    func everything() throws {
        let plan = try SimulationPlan(
            parsing: """
                seed 7
                host a mtu=1400 msl=5s skew=-100 timestamps=off sack=off scale=off mss=536 send=1000 receive=2000
                host b nodelay=on delack=0ms minrto=1s maxrto=4s keepalive=20s/5s/6 scale=3
                host c congestion=bbr pacing=off ecn=on probing=always corked=on maxsend=3000 maxreceive=4000 super=on gather=50us
                path a b loss=1% delay=20ms
                flow a b exchange bytes=10 answer=20 rounds=3 portion=4 pause=5ms connections=6 start=7ms leave=server/8/release
                flow b a bulk bytes=5 more=on resent=6 within=7s
                partition a b at=1s for=2s
                cut b a at=3s for=4s
                power b at=5s for=6s
                """)
        #expect(plan.hosts[0].mtu == 1_400)
        #expect(plan.hosts[0].options.windowScale == nil)
        #expect(plan.hosts[0].clockSkew == -100)
        #expect(plan.hosts[1].options.keepAlive?.probes == 6)
        #expect(plan.flows[0].plannedBytes == 540)
        #expect(plan.flows[0].leaver?.isClient == false)
        let options = plan.hosts[2].options
        #expect(options.congestion == .bbr)
        #expect(!options.pacing)
        #expect(options.ecn)
        #expect(options.pathMTUProbing == .always)
        #expect(options.corked)
        #expect(options.maximumSendBufferBytes == 3_000)
        #expect(options.maximumReceiveBufferBytes == 4_000)
        #expect(plan.hosts[2].sendsSuperSegments)
        #expect(plan.hosts[2].gatheringTime == .microseconds(50))
        #expect(plan.flows[1].saysMore)
        #expect(plan.flows[1].mostResent == 6)
        #expect(plan.flows[1].longestTime == .seconds(7))
        #expect(plan.faults.map(\.kind) == [.partition, .cut, .power])
        #expect(try SimulationPlan(parsing: plan.description) == plan)
    }

    @Test(
        "a text that is no plan is refused, and the line is named",
        arguments: [
            "sed 1", "seed x", "host b", "host a mtu=3", "host a colour=red", "host a\npath a b delay=1ms",
            "host a\nhost b\nflow a b bulk bytes=1", "host a\nhost b\npath a b\nflow a b fly",
            "host a\nhost b\npath a a",
            "host a\nhost b\npath a b\nflow a a bulk", "host a\nhost b\npath a b\nflow a b bulk bytes=0",
            "host a\nhost b\npath a b\nflow a b exchange bytes=1", "host a\nhost b\npath a b\ncut a b at=soon",
            "host a\nhost b\npath a b loss=many", "host a scale=15", "host a congestion=vegas", "host a probing=never",
            "host a keepalive=1s", "host",
            "host a\nhost b\npath a b\nflow a b exchange bytes=1000000000 answer=1 rounds=100000 connections=1000",
        ])
    func refused(text: String) {
        let error = #expect(throws: PlanError.self) { try SimulationPlan(parsing: text) }
        #expect(error?.description.isEmpty == false)
    }

    @Test("plans are of many kinds")
    func variety() {
        let plans = (1...500 as ClosedRange<UInt64>).map { SimulationPlan(seed: $0) }
        for kind in FlowPlan.Kind.allCases { #expect(plans.contains { $0.flows.contains { $0.kind == kind } }) }
        for kind in FaultPlan.Kind.allCases { #expect(plans.contains { $0.faults.contains { $0.kind == kind } }) }
        for congestion in CongestionAlgorithm.allCases {
            #expect(plans.contains { $0.hosts.contains { $0.options.congestion == congestion } })
        }
        #expect(plans.contains { $0.hosts.contains { !$0.options.pacing } })
        #expect(plans.contains { $0.hosts.contains(where: \.options.ecn) })
        #expect(plans.contains { $0.hosts.contains(where: \.options.corked) })
        #expect(plans.contains { $0.flows.contains(where: \.saysMore) })
        #expect(plans.contains { $0.hosts.contains(where: \.sendsSuperSegments) })
        #expect(plans.contains { $0.hosts.contains { $0.gatheringTime > .zero } })
        #expect(plans.contains { $0.hosts.count == 4 })
        #expect(plans.contains { $0.flows.count == 4 })
        #expect(plans.contains { $0.flows.contains { $0.connections > 1 } })
        #expect(plans.contains { $0.flows.contains { $0.leaver != nil } })
        #expect(plans.contains { $0.paths.contains { $0.conditions.burstLoss != nil } })
    }
}

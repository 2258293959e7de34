import Testing
import TunstackCore

@testable import TunstackLinux

@Suite("Deadline plan")
struct DeadlinePlanTests {
    private let early = Instant(nanoseconds: 10)
    private let late = Instant(nanoseconds: 20)

    @Test("the first deadline sets the timer and is reached when it goes off")
    func firstDeadline() {
        var plan = DeadlinePlan()
        #expect(plan.replaceDeadline(early) == early)
        #expect(plan.timerFired(at: early) == .reached)
        #expect(plan.timerFired(at: late) == .idle)
    }

    @Test("an unchanged or later deadline leaves the timer alone, which goes off early and is set again")
    func laterDeadline() {
        var plan = DeadlinePlan()
        #expect(plan.replaceDeadline(early) == early)
        #expect(plan.replaceDeadline(early) == nil)
        #expect(plan.replaceDeadline(late) == nil)
        #expect(plan.timerFired(at: early) == .rearm(at: late))
        #expect(plan.timerFired(at: late) == .reached)
    }

    @Test("an earlier deadline sets the timer at once")
    func earlierDeadline() {
        var plan = DeadlinePlan()
        #expect(plan.replaceDeadline(late) == late)
        #expect(plan.replaceDeadline(early) == early)
        #expect(plan.timerFired(at: early) == .reached)
    }

    @Test("no deadline leaves the timer to go off for nobody, and a later one still uses it")
    func noDeadline() {
        var plan = DeadlinePlan()
        #expect(plan.replaceDeadline(early) == early)
        #expect(plan.replaceDeadline(nil) == nil)
        #expect(plan.replaceDeadline(late) == nil)
        #expect(plan.replaceDeadline(nil) == nil)
        #expect(plan.timerFired(at: early) == .idle)
        #expect(plan.replaceDeadline(late) == late)
    }
}

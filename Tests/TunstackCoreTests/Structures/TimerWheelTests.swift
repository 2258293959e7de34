import TestSupport
import Testing

@testable import TunstackCore

@Suite("Timer wheel")
struct TimerWheelTests {
    /// What a timer wheel is meant to be: a list of deadlines, searched from end to end.
    private struct Model {
        var deadlines: [Instant?] = []

        var earliest: Instant? { deadlines.compactMap { $0 }.min() }

        func due(at now: Instant) -> Set<Int> {
            Set(deadlines.indices.filter { index in deadlines[index].map { $0 <= now } ?? false })
        }
    }

    /// A wheel and its model, to which the same things happen.
    private struct Pair {
        var wheel = TimerWheel(at: .origin)
        var model = Model()
        var ids: [TimerWheel.TimerID] = []
        var now = Instant.origin
        var wakeUps = 0

        mutating func add() {
            ids.append(wheel.allocate(owner: EntryReference(.connection, ids.count)))
            model.deadlines.append(nil)
        }

        mutating func arm(_ index: Int, at deadline: Instant) {
            wheel.arm(ids[index], at: deadline)
            model.deadlines[index] = deadline == .distantFuture ? nil : deadline
        }

        mutating func cancel(_ index: Int) { arm(index, at: .distantFuture) }

        /// Pops all that is due now and compares with the model.
        mutating func fire() {
            var fired: Set<Int> = []
            while let owner = wheel.popDue(at: now) {
                expectEqual(fired.insert(owner.index).inserted, true, "an entry fired twice")
            }
            expectEqual(fired, model.due(at: now))
            for index in fired { model.deadlines[index] = nil }
        }

        /// Goes on to `target`, waking up when the wheel asks for it: every entry must fire at its own deadline.
        mutating func run(until target: Instant) {
            while let wake = wheel.earliest, wake <= target {
                guard let earliest = model.earliest else {
                    Issue.record("the wheel waits for something, the model for nothing")
                    return
                }
                expectEqual(wake <= max(earliest, now), true, "the wheel would wake up too late")
                expectEqual(wake > now || earliest <= now, true, "the wheel asks for the same time again")
                now = max(now, wake)
                wakeUps += 1
                fire()
            }
            now = target
            fire()
        }

        func compareDeadlines() {
            for index in ids.indices {
                expectEqual(wheel.deadline(of: ids[index]), model.deadlines[index] ?? .distantFuture)
            }
            #expect((wheel.earliest == nil) == (model.earliest == nil))
        }
    }

    @Test("every entry fires at its deadline to the nanosecond, over all magnitudes", arguments: 1...12 as ClosedRange)
    func random(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var pair = Pair()
        for _ in 0..<40 { pair.add() }
        for _ in 0..<400 {
            let index = Int.random(in: 0..<40, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let magnitude = Int64(1) << Int64.random(in: 0...52, using: &random)
                let delay = Int64.random(in: 0..<magnitude, using: &random)
                pair.arm(index, at: pair.now + Interval(nanoseconds: delay))
            case 6:
                pair.cancel(index)
            default:
                let magnitude = Int64(1) << Int64.random(in: 0...46, using: &random)
                pair.run(until: pair.now + Interval(nanoseconds: Int64.random(in: 0..<magnitude, using: &random)))
            }
        }
        pair.compareDeadlines()
        while let earliest = pair.model.earliest { pair.run(until: earliest) }
        #expect(pair.wheel.earliest == nil)
        // An entry moves down at most once a level, and then fires.
        #expect(pair.wakeUps < 400 * 12)
    }

    @Test("a leap over many deadlines fires all of them, in the order of their ticks", arguments: 1...8 as ClosedRange)
    func leaps(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var wheel = TimerWheel(at: .origin)
        var deadlines: [Instant] = []
        for index in 0..<500 {
            let magnitude = Int64(1) << Int64.random(in: 0...45, using: &random)
            deadlines.append(Instant(nanoseconds: Int64.random(in: 0..<magnitude, using: &random)))
            wheel.arm(wheel.allocate(owner: EntryReference(.timeWait, index)), at: deadlines[index])
        }
        let now = Instant(nanoseconds: 1 << 44)
        var fired: [Int] = []
        while let owner = wheel.popDue(at: now) { fired.append(owner.index) }
        #expect(Set(fired) == Set(deadlines.indices.filter { deadlines[$0] <= now }))
        let ticks = fired.map { deadlines[$0].nanoseconds >> 17 }
        #expect(ticks == ticks.sorted())
    }

    @Test("many entries with one deadline all fire at it, and none before")
    func equalDeadlines() {
        var pair = Pair()
        let deadline = Instant.origin + .seconds(60)
        for index in 0..<1_000 {
            pair.add()
            pair.arm(index, at: deadline)
        }
        pair.run(until: deadline - Interval(nanoseconds: 1))
        #expect(pair.model.earliest == deadline)
        pair.run(until: deadline)
        #expect(pair.model.earliest == nil)
        #expect(pair.wheel.earliest == nil)
    }

    @Test("deadlines in one tick, a nanosecond apart, fire one at a time")
    func sameTick() {
        var pair = Pair()
        for index in 0..<50 {
            pair.add()
            pair.arm(index, at: Instant(nanoseconds: 1_000_000_000 + Int64(index)))
        }
        for index in 0..<50 {
            pair.run(until: Instant(nanoseconds: 1_000_000_000 + Int64(index)))
            #expect(pair.model.deadlines.filter { $0 != nil }.count == 49 - index)
        }
    }

    @Test(
        "a deadline in the farthest future is kept, and the wheel reaches it in few steps",
        arguments: [1 << 40, 1 << 55, 1 << 62, .max - 1] as [Int64])
    func farFuture(nanoseconds: Int64) {
        var pair = Pair()
        pair.add()
        pair.arm(0, at: Instant(nanoseconds: nanoseconds))
        pair.run(until: Instant(nanoseconds: nanoseconds - 1))
        #expect(pair.model.earliest == Instant(nanoseconds: nanoseconds))
        pair.run(until: Instant(nanoseconds: nanoseconds))
        #expect(pair.model.earliest == nil)
        #expect(pair.wakeUps <= 12)
    }

    @Test("a deadline that has passed fires at once")
    func past() {
        var pair = Pair()
        pair.add()
        pair.run(until: Instant.origin + .seconds(3_600))
        pair.arm(0, at: Instant.origin + .seconds(1))
        #expect(pair.wheel.earliest.map { $0 <= pair.now } == true)
        pair.fire()
        #expect(pair.model.earliest == nil)
    }

    @Test("a clock that begins before its origin still fires in order")
    func negativeTimes() {
        let start = Instant(nanoseconds: -5_000_000_000)
        var wheel = TimerWheel(at: start)
        for seconds in [-1, 1, -3] as [Int64] {
            let owner = EntryReference(.connection, Int(seconds + 10))
            wheel.arm(wheel.allocate(owner: owner), at: Instant.origin + .seconds(seconds))
        }
        let early = wheel.popDue(at: start)
        #expect(early == nil)
        var fired: [Int] = []
        for seconds in [-3, -1, 1] as [Int64] {
            if let owner = wheel.popDue(at: Instant.origin + .seconds(seconds)) { fired.append(owner.index - 10) }
        }
        #expect(fired == [-3, -1, 1])
    }

    @Test("a freed entry never fires, and its place is used again")
    func freeing() {
        var wheel = TimerWheel(at: .origin)
        let first = wheel.allocate(owner: EntryReference(.connection, 1))
        let second = wheel.allocate(owner: EntryReference(.connection, 2))
        wheel.arm(first, at: .origin + .seconds(1))
        wheel.arm(second, at: .origin + .seconds(1))
        wheel.free(first)
        let third = wheel.allocate(owner: EntryReference(.halfOpen, 3))
        #expect(third == first)
        #expect(wheel.deadline(of: third) == .distantFuture)
        let fired = wheel.popDue(at: .origin + .seconds(2))
        let next = wheel.popDue(at: .origin + .seconds(2))
        #expect(fired == EntryReference(.connection, 2))
        #expect(next == nil)
    }
}

@Suite("Timer table")
struct TimerTableTests {
    @Test("the earliest of all kinds comes first, and each kind is taken once when it is due")
    func table() {
        var table = TimerTable()
        #expect(table.earliest == .distantFuture)
        for (offset, kind) in TimerKind.allCases.enumerated() {
            table[kind] = .origin + .seconds(Int64(10 - offset))
        }
        #expect(table.earliest == .origin + .seconds(Int64(11 - TimerKind.allCases.count)))
        let due = Int64(11 - TimerKind.allCases.count)
        let taken = [due - 1, due, due].map { table.takeDue(.aftermath, at: .origin + .seconds($0)) }
        #expect(taken == [false, true, false])
        #expect(!table.isArmed(.aftermath))
        table.cancelAll()
        #expect(TimerKind.allCases.allSatisfy { table[$0] == nil })
    }
}

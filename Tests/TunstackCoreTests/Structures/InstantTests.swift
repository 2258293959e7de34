import Testing

@testable import TunstackCore

@Suite("Instants and intervals")
struct InstantTests {
    @Test("sums and differences end at the limits instead of trapping")
    func saturation() {
        let long = Interval(nanoseconds: .max)
        let before = Interval(nanoseconds: .min)
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(Instant.origin + long + long == .distantFuture)
        #expect((Instant.origin + before + before).nanoseconds == .min)
        #expect((Instant.origin - long - long).nanoseconds == .min)
        #expect(Instant.distantFuture - before == .distantFuture)
        #expect(Instant.distantFuture - Instant(nanoseconds: .min) == long)
        #expect(Instant(nanoseconds: .min) - Instant.distantFuture == before)
        #expect(long + .seconds(1) == long)
        #expect(before - .seconds(1) == before)
        #expect(before - long == before)
        #expect(long - before == long)
        #expect(long * 2 == long)
        #expect(long * -2 == before)
        #expect(before * 2 == before)
        #expect(before * -2 == long)
    }

    @Test("a number of units that is too large is for ever, not a trap")
    func largeUnits() {
        #expect(Interval.seconds(.max).nanoseconds == .max)
        #expect(Interval.seconds(.min).nanoseconds == .min)
        #expect(Interval.minutes(.max).nanoseconds == .max)
        #expect(Interval.milliseconds(.max).nanoseconds == .max)
        #expect(Interval.microseconds(.min).nanoseconds == .min)
    }

    @Test("units agree with each other")
    func units() {
        #expect(Interval.minutes(2) == .seconds(120))
        #expect(Interval.seconds(3) == .milliseconds(3_000))
        #expect(Interval.milliseconds(4) == .microseconds(4_000))
        #expect(Interval.microseconds(5).nanoseconds == 5_000)
        #expect(Interval.seconds(7) / 2 == .milliseconds(3_500))
        #expect(Instant.origin + .seconds(1) - (Instant.origin + .milliseconds(400)) == .milliseconds(600))
        #expect(Instant.origin < .distantFuture)
        #expect(Interval.zero < .microseconds(1))
    }

    @Test("an echo of a timestamp is believed for less than 2^24 ticks", arguments: [0, 77, UInt32.max])
    func elapsed(offset: UInt32) {
        let clock = TimestampClock(tick: .milliseconds(1), offset: offset)
        let echoed = clock.value(at: .origin)
        let longest = Interval.milliseconds((1 << 24) - 1)
        #expect(clock.elapsed(since: echoed, at: .origin + longest) == longest)
        #expect(clock.elapsed(since: echoed, at: .origin + longest + .milliseconds(1)) == nil)
    }
}

import Testing

@testable import TunstackCore

@Suite("Rate limiter")
struct RateLimiterTests {
    @Test("it allows a burst of its rate, then waits for the next second")
    func burst() {
        var limiter = RateLimiter(perSecond: 3, at: .origin)
        func allowed(_ count: Int, at milliseconds: Int64) -> Int {
            (0..<count).count { _ in limiter.allow(at: .origin + .milliseconds(milliseconds)) }
        }
        #expect(allowed(5, at: 0) == 3)
        #expect(allowed(5, at: 999) == 0)
        #expect(allowed(5, at: 1_000) == 3)
        #expect(allowed(5, at: 100_000) == 3, "a long pause saves nothing up")
    }

    @Test("a rate of nothing allows nothing")
    func nothing() {
        var limiter = RateLimiter(perSecond: 0, at: .origin)
        let allowed = (0..<3).map { limiter.allow(at: .origin + .seconds($0)) }
        #expect(allowed == [false, false, false])
    }
}

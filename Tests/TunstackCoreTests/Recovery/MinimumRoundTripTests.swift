import TestSupport
import Testing

@testable import TunstackCore

@Suite("The least round trip")
struct MinimumRoundTripTests {
    private func value(after samples: [(at: Int64, milliseconds: Int64)]) -> Interval? {
        var minimum = MinimumRoundTrip()
        for sample in samples {
            minimum.onSample(.milliseconds(sample.milliseconds), at: .origin + .seconds(sample.at))
        }
        return minimum.value
    }

    @Test("it is unknown before the first sample, and the least of them afterwards", .requirement("RFC8985 §6.2"))
    func least() {
        #expect(value(after: []) == nil)
        #expect(value(after: [(0, 50)]) == .milliseconds(50))
        #expect(value(after: [(0, 50), (1, 40), (2, 60)]) == .milliseconds(40))
    }

    @Test("it lasts five seconds at least")
    func lasts() {
        #expect(value(after: [(0, 10), (4, 50), (5, 50)]) == .milliseconds(10))
        #expect(value(after: [(0, 10), (6, 50), (11, 50)]) == .milliseconds(10))
    }

    @Test("a path that has become longer is learnt within some ten seconds")
    func forgets() {
        #expect(value(after: [(0, 10), (6, 50), (12, 50)]) == .milliseconds(50))
        // After a long silence the next sample is all that is known.
        #expect(value(after: [(0, 10), (100, 50)]) == .milliseconds(50))
    }

    @Test("a shorter round trip counts at once")
    func shorter() {
        #expect(value(after: [(0, 50), (100, 40)]) == .milliseconds(40))
        #expect(value(after: [(0, 50), (6, 40)]) == .milliseconds(40))
    }
}

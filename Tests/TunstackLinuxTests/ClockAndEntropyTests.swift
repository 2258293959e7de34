import Testing
import TunstackCore
import TunstackLinux

@Suite("Clock and entropy")
struct ClockAndEntropyTests {
    @Test("the clock never goes back and has started")
    func clock() {
        let clock = MonotonicClock()
        var previous = clock.now()
        #expect(previous > .origin)
        for _ in 0..<1000 {
            let now = clock.now()
            #expect(now >= previous)
            previous = now
        }
    }

    @Test("the system's entropy does not repeat itself, not even across generators")
    func entropy() {
        let numbers = (0..<1000).map { _ in
            var entropy = SystemEntropy()
            return entropy.next()
        }
        #expect(Set(numbers).count == numbers.count)
    }
}

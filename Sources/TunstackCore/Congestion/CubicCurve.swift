/// The window of CUBIC as a function of time (RFC 9438 §4.2), and the window that Reno would have (§4.3), in integers.
///
/// One epoch is one stage of congestion avoidance. Windows are bytes, times microseconds; C is 2/5 segment/s³.
struct CubicCurve {
    /// Past this age every window has reached the largest: 50 minutes. Keeps squares below 2^63.
    private static let longest: UInt64 = 3_000_000_000

    /// W_max: where the window was when it last had to shrink; zero for unknown.
    private var maximum: Int32 = 0
    /// cwnd_prior: the window before it last shrank, without fast convergence.
    private var priorWindow: Int32 = 0
    /// W_est: the window that Reno would have.
    private var estimate: Int32 = 0
    /// K: how long after its beginning the epoch reaches `maximum`.
    private var timeToMaximum: UInt32 = 0
    /// t: how old the epoch is, without the times when the window did not limit (RFC 9438 §5.8).
    private var age: UInt32 = 0
    /// What is left over of divisions: of (target - cwnd) * bytes by cwnd, and of 17 * W_est's growth by 17 * cwnd.
    private var growthRemainder: UInt32 = 0
    private var estimateRemainder = 0
    /// Until when `age` counts.
    private var counted = Instant.origin
    private var isRunning = false

    // MARK: Events

    /// The window `cwnd` has to shrink (RFC 9438 §4.6, §4.7). If it had not come back to where it was, another flow needs
    /// room: fast convergence remembers less.
    mutating func onCongestion(cwnd: Int) {
        maximum = Int32(clamping: cwnd < Int(maximum) ? cwnd * 17 / 20 : cwnd)
        priorWindow = Int32(clamping: cwnd)
        isRunning = false
    }

    /// In the recovery that goes on, the path has shown to hold no more than `bytes`.
    mutating func limit(to bytes: Int) {
        maximum = min(maximum, Int32(clamping: bytes))
        priorWindow = min(priorWindow, Int32(clamping: bytes))
    }

    /// A time-out at the window `cwnd`: the next epoch begins at its own maximum (RFC 9438 §4.8).
    mutating func onTimeout(cwnd: Int) {
        maximum = 0
        priorWindow = Int32(clamping: cwnd)
        isRunning = false
    }

    /// The next acknowledgment in congestion avoidance begins an epoch.
    mutating func end() { isRunning = false }

    /// There has been no loss and no epoch: nothing to remember.
    var isBlank: Bool { maximum == 0 && priorWindow == 0 && !isRunning }

    /// The time until `now` does not count: the window was not what limited.
    mutating func skip(to now: Instant) { counted = now }

    /// The window after an acknowledgment of `bytes` (RFC 9438 §4.2, §4.4, §4.5).
    mutating func window(after bytes: Int, cwnd: Int, maximumSegmentSize: Int, at now: Instant, roundTrip: Interval)
        -> Int
    {
        if !isRunning { begin(cwnd: cwnd, maximumSegmentSize: maximumSegmentSize, at: now) }
        count(to: now)
        let bytes = min(bytes, cwnd)
        growEstimate(bytes, cwnd: cwnd, maximumSegmentSize: maximumSegmentSize)
        if size(at: UInt64(age), maximumSegmentSize: maximumSegmentSize) < Int(estimate) {
            return max(cwnd, Int(estimate))
        }
        let ahead = UInt64(age) + UInt64(clamping: roundTrip.nanoseconds / 1_000)
        let target = min(max(cwnd, size(at: ahead, maximumSegmentSize: maximumSegmentSize)), cwnd + cwnd / 2)
        let (growth, remainder) = ((target - cwnd) * bytes + Int(growthRemainder)).quotientAndRemainder(
            dividingBy: cwnd)
        growthRemainder = UInt32(remainder)
        return cwnd + growth
    }

    // MARK: Rest

    /// What a curve remembers while nothing is in the network, which is all but the time: what is sent next makes it anew.
    struct Resting {
        fileprivate let maximum: Int32
        fileprivate let priorWindow: Int32
        fileprivate let estimate: Int32
        fileprivate let timeToMaximum: UInt32
        fileprivate let age: UInt32
        fileprivate let growthRemainder: UInt32
        /// Less than 17 windows: 35 bits.
        fileprivate let estimateRemainderLow: UInt32
        fileprivate let estimateRemainderHigh: UInt8
        fileprivate let isRunning: Bool
    }

    /// The small form.
    var resting: Resting {
        Resting(
            maximum: maximum, priorWindow: priorWindow, estimate: estimate, timeToMaximum: timeToMaximum, age: age,
            growthRemainder: growthRemainder, estimateRemainderLow: UInt32(truncatingIfNeeded: estimateRemainder),
            estimateRemainderHigh: UInt8(estimateRemainder >> 32), isRunning: isRunning)
    }

    /// No loss yet.
    init() {}

    /// As it was before a rest.
    init(_ resting: Resting) {
        maximum = resting.maximum
        priorWindow = resting.priorWindow
        estimate = resting.estimate
        timeToMaximum = resting.timeToMaximum
        age = resting.age
        growthRemainder = resting.growthRemainder
        estimateRemainder = Int(resting.estimateRemainderHigh) << 32 | Int(resting.estimateRemainderLow)
        isRunning = resting.isRunning
    }

    // MARK: The curve

    /// W_cubic(t).
    private func size(at time: UInt64, maximumSegmentSize: Int) -> Int {
        let time = min(time, Self.longest)
        let middle = UInt64(timeToMaximum)
        return time < middle
            ? Int(maximum) - Self.growth(in: middle - time, maximumSegmentSize: maximumSegmentSize)
            : Int(maximum) + Self.growth(in: time - middle, maximumSegmentSize: maximumSegmentSize)
    }

    /// C t³ in bytes, for t in microseconds up to 50 minutes.
    static func growth(in time: UInt64, maximumSegmentSize: Int) -> Int {
        let product = (time * time).multipliedFullWidth(by: time * 2 * UInt64(maximumSegmentSize))
        return Int(clamping: UInt64(5_000_000_000_000_000_000).dividingFullWidth(product).quotient)
    }

    /// K, the cube root of `bytes` / C in microseconds: the longest time in which the curve grows by no more than
    /// `bytes`.
    static func time(toGrow bytes: Int, maximumSegmentSize: Int) -> UInt64 {
        let goal = UInt64(clamping: bytes).multipliedFullWidth(by: 5_000_000_000_000_000_000)
        var root: UInt64 = 0
        for bit in (0..<31).reversed() {
            let next = root | 1 << UInt64(bit)
            let cube = (next * next).multipliedFullWidth(by: next * 2 * UInt64(maximumSegmentSize))
            if (cube.high, cube.low) <= (goal.high, goal.low) { root = next }
        }
        return root
    }

    private mutating func begin(cwnd: Int, maximumSegmentSize: Int, at now: Instant) {
        isRunning = true
        age = 0
        counted = now
        growthRemainder = 0
        estimateRemainder = 0
        estimate = Int32(clamping: cwnd)
        maximum = max(maximum, estimate)
        timeToMaximum = UInt32(
            clamping: Self.time(toGrow: Int(maximum) - cwnd, maximumSegmentSize: maximumSegmentSize))
    }

    private mutating func count(to now: Instant) {
        let passed = max(0, (now - counted).nanoseconds / 1_000)
        age = UInt32(clamping: min(Self.longest, UInt64(age) + UInt64(passed)))
        // What is less than a microsecond counts next time.
        counted = counted + .microseconds(passed)
    }

    /// α is 3 (1 - β) / (1 + β) = 9/17, and 1 when the window that was lost is reached again (RFC 9438 §4.3).
    private mutating func growEstimate(_ bytes: Int, cwnd: Int, maximumSegmentSize: Int) {
        let alpha = estimate < priorWindow ? 9 : 17
        let (growth, remainder) =
            (alpha * maximumSegmentSize * bytes + estimateRemainder).quotientAndRemainder(dividingBy: 17 * cwnd)
        estimateRemainder = remainder
        estimate = Int32(clamping: min(Int(estimate) + growth, CongestionWindow.largest))
    }
}

import Glibc

/// Does one operation many times, and says how long each took.
///
///     microbench OPERATION COUNT
///
/// The time is that of the fastest of five parts of COUNT. Instructions and allocations are counted from outside, as the
/// difference of two runs of different length, so that what is made ready before does not count.
@main
struct Microbench {
    private static let parts = 5

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 2, let count = Int(arguments[1]), count > 0, let run = operations[arguments[0]] else {
            print("usage: microbench OPERATION COUNT; one of \(operations.keys.sorted().joined(separator: " "))")
            exit(2)
        }
        print("{\"nanoseconds\": \(run(count))}")
    }

    private static let operations: [String: @Sendable (Int) -> Double] = [
        "parse": { time(HeaderParsing(), $0) },
        "checksum-1460": { time(Checksum(byteCount: 1_460), $0) },
        "checksum-64k": { time(Checksum(byteCount: 65_536), $0) },
        "receive-segment": { time(Receiving(textLength: 1_448, batch: 16), $0) },
        "receive-64k": { time(Receiving(textLength: 44 * 1_448, batch: 4), $0) },
        "send-segment": { time(Sending(), $0) },
        "send-64k": { time(BulkSending(textLength: 44 * 1_448), $0) },
        "exchange": { time(Exchanging(), $0) },
        "short-connection": { time(Connecting(), $0) },
        "timer-arm": { time(TimerArming(), $0) },
        "timer-arm-cancel": { time(TimerCancelling(), $0) },
        "timer-arm-expire": { time(TimerExpiring(), $0) },
        "demux-1k": { time(Demultiplexing(entries: 1_000), $0) },
        "demux-1m": { time(Demultiplexing(entries: 1_000_000), $0) },
    ]

    /// Nanoseconds of one operation.
    private static func time<B: Operation & ~Copyable>(_ operation: consuming B, _ count: Int) -> Double {
        var fastest = Double.infinity
        let part = max(1, count / parts)
        for _ in 0..<parts {
            let start = ContinuousClock.now
            operation.run(part)
            let elapsed = (ContinuousClock.now - start).components
            let nanoseconds = Double(elapsed.seconds) * 1e9 + Double(elapsed.attoseconds) / 1e9
            fastest = min(fastest, nanoseconds / Double(part))
        }
        return fastest
    }
}

/// Something whose cost is of interest. What it needs is made ready by its initializer.
protocol Operation: ~Copyable {
    /// Does it so many times.
    mutating func run(_ count: Int)
}

/// The same secrets in each run: how far a table is probed depends on them.
struct SameNumbers: RandomNumberGenerator {
    private var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

/// Keeps the optimizer from throwing away what nobody looks at.
@inline(never)
func keep<Value>(_ value: Value) {}

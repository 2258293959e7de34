import Glibc

/// One line on a terminal that is written again and again; nothing where nobody would see it.
struct ProgressBar {
    private let total: Int
    private let isShown: Bool
    private var shownAt: ContinuousClock.Instant?
    private let start = ContinuousClock.now

    private static let width = 40
    private static let gap = Duration.milliseconds(100)

    init(total: Int, isShown: Bool = isatty(STDERR_FILENO) == 1) {
        self.total = total
        self.isShown = isShown
    }

    /// Shows how far it is.
    mutating func show(_ done: Int, failures: Int) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let shownAt, now - shownAt < Self.gap { return }
        shownAt = now
        write("\r" + Self.line(done, of: total, failures: failures, in: now - start))
    }

    /// Takes the line away.
    func clear() {
        if isShown { write("\r" + String(repeating: " ", count: 79) + "\r") }
    }

    /// `[=====     ]  50 % of 2000 seeds, 321/s`
    static func line(_ done: Int, of total: Int, failures: Int, in time: Duration) -> String {
        let filled = total > 0 ? min(width, done * width / total) : width
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled)
        let percent = total > 0 ? done * 100 / total : 100
        let found = failures > 0 ? ", \(failures) failed" : ""
        return "[\(bar)] \(percent) % of \(total) seeds, \(RunRate.text(done, in: time))\(found)"
    }

    private func write(_ text: String) {
        do {
            try OutputStream.standardError.write(Array(text.utf8))
        } catch {
            // A terminal that has gone away needs no bar.
            return
        }
    }
}

/// Runs per second.
enum RunRate {
    static func text(_ runs: Int, in time: Duration) -> String {
        let milliseconds = time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000
        return "\(Int64(runs) * 1_000 / max(1, milliseconds))/s"
    }
}

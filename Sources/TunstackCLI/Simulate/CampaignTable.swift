import Tunstack
import TunstackSimulator

/// The numbers at the end of a campaign.
struct CampaignTable {
    private let summary: CampaignSummary
    private let transfers: [RunReport]
    private let time: Duration

    /// - Parameters:
    ///   - transfers: the runs, if each of them is one transfer over the same path.
    ///   - time: how long it took.
    init(_ summary: CampaignSummary, transfers: [RunReport], time: Duration) {
        self.summary = summary
        self.transfers = transfers
        self.time = time
    }

    var lines: [String] {
        let head = [
            "\(summary.runs) runs, \(summary.failureCount) failed; \(summary.packets) packets; "
                + "\(hours(summary.virtualTime)) of virtual time in \(seconds) s, \(RunRate.text(summary.runs, in: time))"
        ]
        return head + (transfers.isEmpty ? byKind : bySeed)
    }

    private var seconds: String {
        let milliseconds = time.components.seconds * 1_000 + time.components.attoseconds / 1_000_000_000_000_000
        return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100)"
    }

    private func hours(_ interval: Interval) -> String {
        let minutes = interval.nanoseconds / 60_000_000_000
        return minutes < 120 ? "\(interval.nanoseconds / 1_000_000_000) s" : "\(minutes / 60) h"
    }

    // MARK: Goodput

    private var byKind: [String] {
        let rows = FlowPlan.Kind.allCases.compactMap { kind -> [String]? in
            guard let values = summary.goodput[kind]?.sorted(), let first = values.first, let last = values.last else {
                return nil
            }
            let cells = [values[values.count / 2], first, last].map(Self.rate)
            return [kind.rawValue, "\(values.count)"] + cells
        }
        return rows.isEmpty ? [] : [""] + Self.aligned([["application", "flows", "median", "least", "most"]] + rows)
    }

    private var bySeed: [String] {
        let rows = transfers.prefix(Self.seedsShown).map { report in
            ["\(report.plan.seed)", Self.rate(report.flows.first?.goodput ?? 0), "\(report.packets)"]
        }
        let values = transfers.compactMap { $0.flows.first?.goodput }.sorted()
        guard values.count > 1, let first = values.first, let last = values.last else {
            return [""] + Self.aligned([["seed", "goodput", "packets"]] + rows)
        }
        let cells = [values[values.count / 2], first, last].map(Self.rate)
        return [""] + Self.aligned([["seed", "goodput", "packets"]] + rows)
            + ["", "median \(cells[0]), least \(cells[1]), most \(cells[2])"]
    }

    private static let seedsShown = 50

    /// `1.23 Mbit/s`
    static func rate(_ bitsPerSecond: Int64) -> String {
        let (unit, size): (String, Int64) =
            bitsPerSecond >= 1_000_000
            ? ("Mbit/s", 1_000_000) : bitsPerSecond >= 1_000 ? ("kbit/s", 1_000) : ("bit/s", 1)
        let hundredths = bitsPerSecond * 100 / size
        let fraction = String(String(100 + hundredths % 100).dropFirst())
        return size == 1 ? "\(bitsPerSecond) \(unit)" : "\(hundredths / 100).\(fraction) \(unit)"
    }

    /// The first column to the left, the others to the right.
    static func aligned(_ rows: [[String]]) -> [String] {
        guard let columns = rows.first?.indices else { return [] }
        let widths = columns.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            columns.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + padding : padding + row[column]
            }.joined(separator: "  ")
        }
    }
}

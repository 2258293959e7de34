import Tunstack
import TunstackSimulator

/// Goodput of the same transfers with one congestion control and another, beside each other.
struct ComparisonTable {
    private let columns: [(congestion: CongestionAlgorithm, transfers: [RunReport])]

    /// - Parameter columns: of each congestion control, the runs of the same seeds in the same order.
    init(_ columns: [(CongestionAlgorithm, [RunReport])]) {
        self.columns = columns.map { (congestion: $0.0, transfers: $0.1) }
    }

    var lines: [String] {
        let head = ["seed"] + columns.map(\.congestion.rawValue)
        let count = columns.map(\.transfers.count).min() ?? 0
        let rows = (0..<min(count, Self.seedsShown)).map { row in
            ["\(columns[0].transfers[row].plan.seed)"] + columns.map { CampaignTable.rate($0.transfers[row].goodput) }
        }
        let medians = columns.map { column in
            let values = column.transfers.map(\.goodput).sorted()
            return values.isEmpty ? "" : CampaignTable.rate(values[values.count / 2])
        }
        return CampaignTable.aligned([head] + rows + [["median"] + medians])
    }

    private static let seedsShown = 50
}

extension RunReport {
    /// Of the first flow, in bits a second.
    fileprivate var goodput: Int64 { flows.first?.goodput ?? 0 }
}

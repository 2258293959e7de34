import TunstackCore

/// A record's samples as lines to draw: one point or two for each column of the page, however many samples there are.
struct FlowSeries {
    /// Seconds since the record's start, and a value.
    typealias Point = (time: Double, value: Double)

    let record: FlowRecord
    /// How long the record is, in seconds.
    let duration: Double
    private let columns: Int

    init(_ record: FlowRecord, columns: Int) {
        self.record = record
        self.columns = columns
        let last = max(record.samples.last?.time ?? record.start, record.marks.last?.time ?? record.start)
        duration = max(1e-6, Self.seconds(last - record.start))
    }

    static func seconds(_ interval: Interval) -> Double { Double(interval.nanoseconds) / 1e9 }

    func time(of instant: Instant) -> Double { Self.seconds(instant - record.start) }

    /// A value of the samples over time; samples without it are left out. In a column with many, its first, least,
    /// greatest and last are kept, in their order, so that a line through them covers what it would cover.
    func line(_ value: (FlowRecord.Sample) -> Double?) -> [Point] {
        var points: [Point] = []
        var column: [Point] = []
        var current = -1
        for sample in record.samples {
            guard let value = value(sample) else { continue }
            let time = time(of: sample.time)
            let number = Int(time / duration * Double(columns))
            if number != current {
                points += Self.thinned(column)
                column = []
                current = number
            }
            column.append((time, value))
        }
        return points + Self.thinned(column)
    }

    private static func thinned(_ column: [Point]) -> [Point] {
        guard column.count > 4 else { return column }
        var (least, greatest) = (0, 0)
        for index in column.indices {
            if column[index].value < column[least].value { least = index }
            if column[index].value > column[greatest].value { greatest = index }
        }
        let kept = [0, min(least, greatest), max(least, greatest), column.count - 1]
        return kept.enumerated().filter { $0 == 0 || $1 > kept[$0 - 1] }.map { column[$1] }
    }

    /// Megabits acknowledged per second, for each of a number of equal times.
    func goodput(bins: Int) -> [Point] {
        var rates: [Point] = []
        let width = duration / Double(bins)
        var (next, before, acknowledged) = (0, 0, 0)
        for bin in 1...bins {
            let end = Double(bin) * width
            while next < record.samples.count, time(of: record.samples[next].time) <= end {
                acknowledged = record.samples[next].acknowledged
                next += 1
            }
            rates.append((end - width / 2, Double(acknowledged - before) * 8 / 1e6 / width))
            before = acknowledged
        }
        return rates
    }
}

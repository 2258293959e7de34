import TunstackCore

/// Numbers with units, as a person writes them: exact, without floating point.
enum ConditionUnit {
    /// In nanoseconds.
    static let times: [(name: String, size: Int64)] = [
        ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]
    /// In bits per second.
    static let rates: [(name: String, size: Int64)] = [
        ("gbit", 1_000_000_000), ("mbit", 1_000_000), ("kbit", 1_000), ("bit", 1),
    ]
    /// In parts per million.
    static let shares: [(name: String, size: Int64)] = [("%", 10_000), ("ppm", 1)]
}

/// Reads the value of one condition, and says what is wrong with it.
struct ConditionReader {
    private let name: String
    let text: String
    private let example: String

    init(_ name: String, _ text: String, example: String) {
        self.name = name
        self.text = text
        self.example = example
    }

    // MARK: Parts

    /// The parts between slashes, which must be so many.
    func parts(_ count: Int) throws(PathConditionsError) -> [ConditionReader] {
        let parts = split
        guard parts.count == count else { throw wrong("needs \(count) values") }
        return parts
    }

    /// The whole value, which must have no other part.
    func only() throws(PathConditionsError) -> ConditionReader { try parts(1)[0] }

    /// The part before the word that may follow.
    func first() throws(PathConditionsError) -> ConditionReader {
        guard split.count <= 2 else { throw wrong("has too many values") }
        return split[0]
    }

    /// Whether the second part is there; it can be nothing but this word.
    func says(_ word: String) throws(PathConditionsError) -> Bool {
        guard split.count == 2 else { return false }
        guard split[1].text == word else { throw wrong("can be followed by '/\(word)' only") }
        return true
    }

    private var split: [ConditionReader] {
        text.split(separator: "/", omittingEmptySubsequences: false).map { part in
            ConditionReader(name, String(part), example: example)
        }
    }

    func wrong(_ what: String) -> PathConditionsError {
        PathConditionsError("\(name) \(what): '\(text)' is not like '\(example)'")
    }

    // MARK: Numbers

    /// Parts per million, of `1%`, `0.1%` or `100ppm`.
    func share() throws(PathConditionsError) -> Int {
        let share = try number(ConditionUnit.shares, "a share with its unit, % or ppm")
        guard share <= 1_000_000 else { throw wrong("is a share, at most 100%") }
        return Int(share)
    }

    /// A length of time, of `20ms`, `300us` or `0.5s`.
    func interval() throws(PathConditionsError) -> Interval {
        let time = try number(ConditionUnit.times, "a time with its unit, s, ms, us or ns")
        guard time <= 3_600_000_000_000 else { throw wrong("is too long, at most 3600s") }
        return Interval(nanoseconds: time)
    }

    /// Bits per second, of `300mbit` or `2.5gbit`.
    func rate() throws(PathConditionsError) -> Int64 {
        let rate = try number(ConditionUnit.rates, "a rate with its unit, bit, kbit, mbit or gbit")
        guard rate >= 1, rate <= 1_000_000_000_000 else { throw wrong("is out of range, 1bit to 1000gbit") }
        return rate
    }

    /// A number without a unit.
    func count(_ range: ClosedRange<Int>) throws(PathConditionsError) -> Int {
        guard let count = Int(text) else { throw wrong("needs a whole number") }
        guard range.contains(count) else {
            throw wrong("is out of range, \(range.lowerBound) to \(range.upperBound)")
        }
        return count
    }

    /// A decimal number times its unit, which must come out even.
    private func number(
        _ units: [(name: String, size: Int64)], _ kind: String
    ) throws(PathConditionsError) -> Int64 {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count)
        let halves = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let size = units.first(where: { $0.name == unit })?.size, let whole = Int64(halves[0]) else {
            throw wrong("needs \(kind)")
        }
        var value = whole.multipliedReportingOverflow(by: size)
        if halves.count == 2 {
            guard !halves[1].isEmpty else { throw wrong("needs \(kind)") }
            var place = size
            for digit in halves[1] {
                guard let digit = digit.wholeNumberValue else { throw wrong("needs \(kind)") }
                guard digit == 0 || place % 10 == 0 else { throw wrong("is finer than can be told apart") }
                place /= 10
                let sum = value.partialValue.addingReportingOverflow(Int64(digit) * place)
                value = (sum.partialValue, value.overflow || sum.overflow)
            }
        }
        guard !value.overflow else { throw wrong("is too large") }
        return value.partialValue
    }
}

/// Writes values so that `ConditionReader` reads them back.
enum ConditionText {
    static func share(_ partsPerMillion: Int) -> String { text(Int64(partsPerMillion), ConditionUnit.shares[0]) }

    static func interval(_ interval: Interval) -> String { text(interval.nanoseconds, ConditionUnit.times) }

    static func rate(_ bitsPerSecond: Int64) -> String { text(bitsPerSecond, ConditionUnit.rates) }

    private static func text(_ value: Int64, _ units: [(name: String, size: Int64)]) -> String {
        text(value, units.first { value >= $0.size } ?? units[0])
    }

    private static func text(_ value: Int64, _ unit: (name: String, size: Int64)) -> String {
        var text = "\(value / unit.size)"
        var (rest, place) = (value % unit.size, unit.size)
        if rest > 0 { text += "." }
        while rest > 0 {
            place /= 10
            text += "\(rest / place)"
            rest %= place
        }
        return text + unit.name
    }
}

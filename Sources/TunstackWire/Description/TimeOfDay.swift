/// A time of day, as tcpdump writes it in front of a packet: `09:18:37.316083`.
public struct TimeOfDay: Hashable, Sendable {
    /// Microseconds since midnight, 0 ..< 86 400 000 000.
    public let microseconds: Int64

    private static let perSecond: Int64 = 1_000_000
    private static let perDay: Int64 = 24 * 60 * 60 * perSecond

    /// Makes a time of day of microseconds since some midnight, before or after it; whole days are dropped.
    public init(microseconds: Int64) {
        let remainder = microseconds % Self.perDay
        self.microseconds = remainder < 0 ? remainder + Self.perDay : remainder
    }
}

extension TimeOfDay: CustomStringConvertible, LosslessStringConvertible {
    /// Hours, minutes, seconds and microseconds: `09:18:37.316083`.
    public var description: String {
        let seconds = microseconds / Self.perSecond
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.decimal($0, digits: 2) }
        return clock.joined(separator: ":") + "." + Self.decimal(microseconds % Self.perSecond, digits: 6)
    }

    /// Reads the form that `description` has; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        let separators = [2: UInt8(ascii: ":"), 5: UInt8(ascii: ":"), 8: UInt8(ascii: ".")]
        guard bytes.count == 15 else { return nil }
        var digits: [Int64] = []
        for (index, byte) in bytes.enumerated() {
            if let separator = separators[index] {
                guard byte == separator else { return nil }
            } else {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                digits.append(Int64(byte - UInt8(ascii: "0")))
            }
        }
        let hours = digits[0] * 10 + digits[1]
        let minutes = digits[2] * 10 + digits[3]
        let seconds = digits[4] * 10 + digits[5]
        guard hours < 24, minutes < 60, seconds < 60 else { return nil }
        let fraction = digits[6...].reduce(0) { $0 * 10 + $1 }
        self.init(microseconds: ((hours * 60 + minutes) * 60 + seconds) * Self.perSecond + fraction)
    }

    private static func decimal(_ number: Int64, digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }
}

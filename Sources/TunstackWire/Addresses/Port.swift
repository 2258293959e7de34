/// A TCP or UDP port number (RFC 9293 §3.1).
public struct Port: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// The number, 0 ... 65535; 0 names no real port.
    public let rawValue: UInt16

    /// Makes a port of its number.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Makes a port of its number.
    @inlinable
    public init(_ rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Makes a port of a literal number.
    @inlinable
    public init(integerLiteral value: UInt16) {
        self.rawValue = value
    }

    /// The number in decimal.
    public var description: String { String(rawValue) }
}

/// The two numbers of the timestamps option (RFC 7323 §3.2).
public struct TCPTimestamps: Hashable, Sendable {
    /// The sender's clock, TSval.
    public var value: UInt32
    /// The receiver's clock, sent back, TSecr; counts only with ACK.
    public var echoReply: UInt32

    /// Makes the option of its two numbers.
    @inlinable
    public init(value: UInt32, echoReply: UInt32) {
        self.value = value
        self.echoReply = echoReply
    }
}

/// Why a packet, or a segment of one, was not used. Each has a counter.
public enum DropReason: Int, CaseIterable, Sendable {
    // IPv4 (RFC 791, RFC 1122 §3.2.1)
    /// Shorter than its headers say, or not IPv4 in form.
    case malformedIP
    /// The IPv4 header checksum does not fit.
    case badIPChecksum
    /// A version of IP that is not 4.
    case unsupportedIPVersion
    /// A fragment; the stack does not reassemble.
    case fragment
    /// Addressed to someone else.
    case notForUs
    /// From an address that no host may send from (RFC 9293 §3.9.2.3, MUST-63).
    case invalidSource
    /// By a source route that leads on, or that the configuration does not accept (RFC 7126 §4.3, §4.4).
    case sourceRoute
    /// A transport protocol that the stack does not speak.
    case unsupportedProtocol
    // ICMP
    /// An ICMP message that does not parse or whose checksum does not fit.
    case malformedICMP
    /// An ICMP message that the stack has no use for; Source Quench among them (RFC 9293 §3.9.2.2, MUST-55).
    case ignoredICMP
    /// An ICMP error that quotes no segment in flight (RFC 5927 §4.1).
    case unmatchedICMP
    // TCP, before a connection is known
    /// Shorter than its header says, or with an impossible data offset.
    case malformedTCP
    /// The TCP checksum does not fit (RFC 9293 §3.1, MUST-3).
    case badTCPChecksum
    /// To a broadcast or multicast address (RFC 9293 §3.9.2.3, MUST-57).
    case notUnicast
    /// A reset for a connection that does not exist.
    case resetWithoutConnection
    /// For a port where nobody listens; answered by a reset.
    case closedPort
    /// To a listener, but neither SYN, ACK nor RST (RFC 9293 §3.10.7.2).
    case noSynToListener
    /// The listener's SYN queue is full of entries that have hardly had the time to be answered.
    case synQueueFull
    /// The listener's accept queue is full; the last ACK of the handshake is asked for again later.
    case acceptQueueFull
    /// The table of connections is full.
    case connectionTableFull
    /// A SYN in the quiet time after the start (RFC 9293 §3.4.3).
    case quietTime
    // TCP, on a connection
    /// Outside the receive window (RFC 9293 §3.10.7.4, first).
    case outsideWindow
    /// An old duplicate by its timestamp (RFC 7323 §5.3).
    case pawsRejected
    /// Without the timestamp that was negotiated (RFC 7323 §3.2).
    case missingTimestamp
    /// A reset that is in the window but not exactly at its left edge (RFC 5961 §3.2).
    case challengedReset
    /// A SYN on a synchronized connection (RFC 5961 §4.2).
    case challengedSyn
    /// A reset in TIME-WAIT (RFC 1337 §3).
    case resetInTimeWait
    /// Without ACK where one must be set (RFC 9293 §3.10.7.4, fifth).
    case noAcknowledgment
    /// Acknowledges what was never sent, or what was acknowledged long ago (RFC 5961 §5.2).
    case unacceptableAcknowledgment
    /// During the handshake, neither SYN nor a reset that fits (RFC 9293 §3.10.7.3, fifth).
    case unexpectedInSynSent
    /// No memory or no more gaps to keep the data; the peer will send it again.
    case noBuffer
    /// Data after the application has let go of the connection; answered by a reset (RFC 9293 §3.6.1, SHLD-3).
    case dataAfterRelease
    // Output
    /// The queue of replies was full.
    case replyQueueFull
}

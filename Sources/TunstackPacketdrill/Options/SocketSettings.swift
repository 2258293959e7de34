import TunstackCore

/// What can be set on a socket. A connection begins with what its listener has at that time.
struct SocketSettings {
    /// What the core is told.
    var connection = ConnectionOptions()
    /// SO_SNDBUF as getsockopt(2) tells it, in bytes.
    var sendBuffer = 480 * 1_024
    /// How far the send buffer may grow by itself; as large as it is once it was set.
    var largestSendBuffer = 16 << 20
    /// SO_RCVBUF as getsockopt(2) tells it, in bytes.
    var receiveBuffer = 2 * 480 * 1_024
    /// TCP_NOTSENT_LOWAT of the system, and of this socket; 0 for the system's.
    var notSentLowWater = UInt32.max
    var ownNotSentLowWater: UInt32 = 0
    /// Duplicate segments are not reported.
    var reportsInOrderOnly = false
    /// A listener agrees to ECN.
    var acceptsECN = false
    var synBacklog = 1_024
    /// R2 for a SYN-ACK; that for a SYN is among the options of the connection.
    var passiveEstablishmentTimeout = ConnectionOptions().establishmentTimeout
    var keepAlive = KeepAlive()
    var linger: Int?
    var receiveTimeout: Interval?
    var sendTimeout: Interval?
    var receiveLowWater = 1
    var userTimeout: Int32 = 0
    var maximumSegmentSize: UInt16?
    var tellsQueue = false
    /// Options that are kept to be told again, and mean nothing here, by level and name.
    var remembered: [Int64: [UInt8]] = [:]

    /// Data that has not left may be no more than this for the socket to count as writable.
    var unsentLimit: Int { Int(ownNotSentLowWater == 0 ? notSentLowWater : ownNotSentLowWater) }
}

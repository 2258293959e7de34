import Glibc
import TunstackCore
import TunstackWire

/// One run of packetdrill: a stack in virtual time, and the sockets of the program that the script plays.
///
/// Two threads may call in. Everything here is touched with the monitor's lock held, and nothing is kept locked while a call sleeps.
@safe final class Session: @unchecked Sendable {
    let monitor = Monitor()
    let profile: Profile
    var stack: Stack
    /// Virtual time.
    var now: Instant
    /// The thread that makes virtual time go on: the one that loaded the plug-in.
    let driver: pthread_t
    /// Calls that wait for an answer, the oldest first.
    var waiters: [Waiter] = []
    /// When the calls of other threads were answered that have not looked at the clock since.
    var answers: [pthread_t: Instant] = [:]
    /// What has left and was not fetched.
    var outgoing: [OutgoingPacket] = []

    /// The program's sockets and what watches them, by descriptor.
    var sockets: [Int32: Socket] = [:]
    var pollSets: [Int32: PollSet] = [:]
    var listeningSockets: [ListenerID: Socket] = [:]
    var connectedSockets: [ConnectionID: Socket] = [:]

    /// Begins at a time that no timer's past can reach back before.
    private static let start = Instant.origin + .seconds(1_000_000)

    /// A session as these flags describe it (`Profile`).
    init(flags: String) {
        profile = Profile(flags: flags)
        now = Self.start
        driver = pthread_self()
        var random = SystemRandomNumberGenerator()
        stack = Stack(configuration: profile.stackConfiguration, random: &random, at: now)
    }

    deinit {
        for descriptor in sockets.keys { Glibc.close(descriptor) }
        for descriptor in pollSets.keys { Glibc.close(descriptor) }
    }
}

/// The sessions there are, for calls that name only a descriptor.
@safe final class Sessions: @unchecked Sendable {
    static let all = Sessions()

    private let monitor = Monitor()
    private var sessions: [Session] = []

    /// The session whose socket this is.
    func owner(of descriptor: Int32) -> Session? {
        monitor.locked { sessions }.first { session in session.monitor.locked { session.sockets[descriptor] != nil } }
    }

    func add(_ session: Session) { monitor.locked { sessions.append(session) } }

    func remove(_ session: Session) { monitor.locked { sessions.removeAll { $0 === session } } }
}

import Glibc
import TunstackCore
import TunstackWire

/// Opens many connections to one stack, and says what they cost while they are idle and when one of them has to answer.
///
///     idle-connections CONNECTIONS [ECHOES] [cubic|newreno|bbr]
///
/// The peers are played by this program, in the same thread: it makes their packets and takes the stack's apart, with checksums left to
/// a device. Prints one line of `name=value`:
///
/// - `bytes`: resident memory of the process for each connection, when all are open and have never carried anything;
/// - `after`: the same when each has answered once or more, and all are idle again;
/// - `open`, `longest`: nanoseconds of processor time to open one, on average and at most;
/// - `packet`: nanoseconds of processor time for each packet of an echo of one byte on a connection drawn at random: the byte in, the byte out, its
///   acknowledgment in;
/// - `work`: connections at work at the end.
@main
struct IdleConnections {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let algorithm = arguments.count > 2 ? CongestionAlgorithm(rawValue: arguments[2]) : .cubic
        guard let count = arguments.first.flatMap({ Int($0) }), (1...Peers.most).contains(count),
            let echoes = arguments.count > 1 ? Int(arguments[1]) : max(count, 1_000_000), let algorithm
        else { fail("usage: idle-connections CONNECTIONS [ECHOES] [cubic|newreno|bbr]", code: 2) }
        do throws(ListenError) {
            try measure(count: count, echoes: echoes, algorithm)
        } catch {
            fail("idle-connections: \(error)", code: 1)
        }
    }

    private static func measure(count: Int, echoes: Int, _ algorithm: CongestionAlgorithm) throws(ListenError) {
        var peers = try Peers(count: count + 1, algorithm)
        // What is there only once is not counted: one connection has been open and has answered.
        peers.open(0)
        peers.echo(on: 0)
        let before = residentBytes()

        var longest: UInt64 = 0
        let begin = nanoseconds()
        var last = begin
        for peer in 1...count {
            peers.open(peer)
            let now = nanoseconds()
            longest = max(longest, now - last)
            last = now
        }
        let opening = last - begin
        let idle = residentBytes()

        for peer in 1...count { peers.echo(on: peer) }
        let after = residentBytes()

        let echoing = nanoseconds()
        for _ in 0..<echoes { peers.echo(on: peers.any) }
        let packets = nanoseconds() - echoing
        guard peers.answered == echoes + count + 1 else { fail("not every byte came back", code: 1) }
        print(
            "connections=\(count) bytes=\((idle - before) / count) after=\((after - before) / count)",
            "open=\(opening / UInt64(count)) longest=\(longest) packet=\(packets / UInt64(3 * echoes))",
            "resident=\(residentBytes()) work=\(peers.connectionsAtWork)")
    }

    /// Processor time of this process, the kernel's for it included: what others do on the machine does not count.
    private static func nanoseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The second number of /proc/self/statm, in pages.
    private static func residentBytes() -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { fail("no /proc/self/statm", code: 1) }
        defer { unsafe fclose(file) }
        var text: [UInt8] = []
        while case let byte = unsafe fgetc(file), byte != EOF { text.append(UInt8(truncatingIfNeeded: byte)) }
        let fields = text.split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else {
            fail("/proc/self/statm is not what it was", code: 1)
        }
        return pages * sysconf(CInt(_SC_PAGESIZE))
    }

    private static func fail(_ message: String, code: CInt) -> Never {
        print(message)
        fflush(nil)
        exit(code)
    }
}

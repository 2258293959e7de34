import Synchronization
import TestSupport
import Testing

@testable import Tunstack

/// Keeps what it sees where a test can look.
private final class Recorder: PacketObserver {
    struct Seen: Sendable, Equatable {
        var direction: String
        var flags: String
        var edges: [String]
        var dropReason: DropReason?
    }

    let packets: Log<Seen>
    let transitions: Log<String>
    let ends: Log<String>

    init(packets: Log<Seen>, transitions: Log<String>, ends: Log<String>) {
        self.packets = packets
        self.transitions = transitions
        self.ends = ends
    }

    func observe(_ packet: RawSpan, _ passage: PacketPassage) {
        guard let flags = Self.flags(of: packet) else { return }
        packets.append(
            Seen(
                direction: "\(passage.direction)", flags: "\(flags)",
                edges: passage.transitions.map { "\($0.transition.from) -> \($0.transition.to)" },
                dropReason: passage.dropReason))
    }

    func observe(_ transition: TransitionRecord) {
        transitions.append("\(transition.transition.from) -> \(transition.transition.to)")
    }

    func turnEnded() {}

    func stackClosed() {
        ends.append("closed")
    }

    private static func flags(of packet: RawSpan) -> TCPFlags? {
        do {
            let header = try IPv4Header(parsing: packet)
            return try TCPHeader(parsing: packet.extracting(header.headerLength..<header.totalLength)).flags
        } catch {
            return nil
        }
    }
}

/// A list that one side fills and another reads.
private final class Log<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func append(_ element: Element) {
        elements.withLock { $0.append(element) }
    }

    var all: [Element] { elements.withLock { $0 } }
}

@Suite("Watching packets", .timeLimit(.minutes(1)))
struct ObserverTests {
    @Test("each state change is seen with the packet that causes or shows it", .requirement("mission B25"))
    func transitionsWithPackets() async throws {
        let packets = Log<Recorder.Seen>()
        let transitions = Log<String>()
        let ends = Log<String>()
        let pair = try await StackPair(
            clientObserver: Recorder(packets: packets, transitions: transitions, ends: ends))
        let (client, server) = try await pair.connected()
        await client.close()
        #expect(try await server.read() == nil)
        await server.close()
        await pair.client.untilConnection(isIn: .timeWait)
        await pair.server.untilNoConnectionIsOpen()
        await pair.client.shutdown()
        await pair.server.shutdown(gracePeriod: .zero)

        let changes = packets.all.filter { !$0.edges.isEmpty }
        #expect(
            changes.map { "\($0.direction) \($0.flags) \($0.edges.joined(separator: ", "))" } == [
                "outbound S CLOSED -> SYN-SENT", "inbound S. SYN-SENT -> ESTABLISHED",
                "outbound F. ESTABLISHED -> FIN-WAIT-1", "inbound . FIN-WAIT-1 -> FIN-WAIT-2",
                "inbound F. FIN-WAIT-2 -> TIME-WAIT",
            ])
        #expect(transitions.all.isEmpty)
        #expect(ends.all == ["closed"])
    }

    @Test("a packet that was dropped is seen with the reason")
    func droppedPackets() async throws {
        let packets = Log<Recorder.Seen>()
        let recorder = Recorder(packets: packets, transitions: Log(), ends: Log())
        let pair = try await StackPair(clientObserver: recorder)
        #expect(await pair.server.connectError(to: Endpoint(StackPair.clientAddress, 9)) == .refused)
        await pair.shutdown()
        #expect(
            packets.all == [
                Recorder.Seen(direction: "inbound", flags: "S", edges: [], dropReason: .closedPort),
                Recorder.Seen(direction: "outbound", flags: "R.", edges: [], dropReason: nil),
            ])
    }
}

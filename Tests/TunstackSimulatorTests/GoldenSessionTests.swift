import TestSupport
import Testing
import TunstackSimulator

@Suite("The captured echo session, played by two stacks")
struct GoldenSessionTests {
    private static let capture = """
        09:18:37.316083 A > B: Flags [S], seq 589530732, win 29200, options [mss 1460,sackOK,TS val 383644 ecr 0,nop,wscale 7], length 0
        09:18:37.316111 B > A: Flags [S.], seq 2376443707, ack 589530733, win 28960, options [mss 1460,sackOK,TS val 383292 ecr 383644,nop,wscale 7], length 0
        09:18:37.317085 A > B: Flags [.], ack 2376443708, win 229, options [nop,nop,TS val 383645 ecr 383292], length 0
        09:19:54.498279 A > B: Flags [P.], seq 589530733:589530743, ack 2376443708, win 229, options [nop,nop,TS val 402940 ecr 383292], length 10
        09:19:54.498836 B > A: Flags [.], ack 589530743, win 227, options [nop,nop,TS val 402588 ecr 402940], length 0
        09:19:54.499296 B > A: Flags [P.], seq 2376443708:2376443718, ack 589530743, win 227, options [nop,nop,TS val 402588 ecr 402940], length 10
        09:19:54.500593 A > B: Flags [.], ack 2376443718, win 229, options [nop,nop,TS val 402940 ecr 402588], length 0
        09:21:09.244375 A > B: Flags [F.], seq 589530743, ack 2376443718, win 229, options [nop,nop,TS val 421626 ecr 402588], length 0
        09:21:09.244603 B > A: Flags [F.], seq 2376443718, ack 589530744, win 227, options [nop,nop,TS val 421275 ecr 421626], length 0
        09:21:09.245937 A > B: Flags [.], ack 2376443719, win 229, options [nop,nop,TS val 421626 ecr 421275], length 0
        """

    @Test("two stacks produce the capture, every field of it", .requirement("mission B46"))
    func session() throws {
        let replay = try #require(Scenario.named("golden")?.run().replay)
        for (line, captured) in zip(replay, Self.capture.split(separator: "\n")) { #expect(line == captured) }
        #expect(replay.count == 10)
    }

    @Test("chance has no part in it", arguments: [2, 99] as [UInt64])
    func seeds(seed: UInt64) throws {
        let replay = try #require(Scenario.named("golden")?.run(seed: seed).replay)
        #expect(replay.joined(separator: "\n") == Self.capture)
    }

    @Test("a closed port refuses as in the capture of one", .requirement("mission B19"))
    func refusal() throws {
        let part = try #require(Scenario.named("refused")?.run().parts.first)
        let lines = part.lines(isAbsolute: true)
        #expect(lines.count == 2)
        #expect(lines.first?.contains("Flags [S], seq 499186042,") == true)
        #expect(lines.last?.hasSuffix("Flags [R.], seq 0, ack 499186043, win 0, length 0") == true)
    }
}

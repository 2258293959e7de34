import Glibc
import Testing
import TunstackCore
import TunstackLinux

@Suite("Event loops", .timeLimit(.minutes(1)))
struct EventLoopTests {
    private let past = Instant(nanoseconds: 0)
    private let inAnHour = MonotonicClock().now() + .minutes(60)

    /// A started owner of one end of a socket pair, and the other end.
    private struct Running: ~Copyable {
        let owner: LoopOwner
        let kernel: TunDevice

        init(_ kind: LoopOwner.Kind) async throws {
            let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
            let kernel = try TunDevice(adopting: second)
            let owner = try LoopOwner(kind, device: TunDevice(adopting: first))
            try await owner.start()
            self.owner = owner
            self.kernel = kernel
        }
    }

    @Test("packets wake the owner, isolated to it, again and again", arguments: LoopOwner.Kind.allCases)
    func readable(kind: LoopOwner.Kind) async throws {
        let running = try await Running(kind)
        var events = running.owner.events.makeAsyncIterator()
        for number in 0..<100 as Range<UInt8> {
            #expect(try running.kernel.writeBytes([number]) == .written)
            #expect(await events.next() == .packet([number]))
        }
        await running.owner.cancel()
    }

    @Test("packets that were there before the loop are reported too", arguments: LoopOwner.Kind.allCases)
    func packetsBeforeActivation(kind: LoopOwner.Kind) async throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let kernel = try TunDevice(adopting: second)
        #expect(try kernel.writeBytes([1]) == .written)
        let owner = try LoopOwner(kind, device: TunDevice(adopting: first))
        try await owner.start()
        var events = owner.events.makeAsyncIterator()
        #expect(await events.next() == .packet([1]))
        await owner.cancel()
    }

    @Test(
        "an owner that stops at a budget is woken for the rest, even after the other side closed",
        arguments: LoopOwner.Kind.allCases)
    func levelTriggered(kind: LoopOwner.Kind) async throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let packets = (0..<20 as Range<UInt8>).map { [$0] }
        do {
            let kernel = try TunDevice(adopting: second)
            for packet in packets {
                #expect(try kernel.writeBytes(packet) == .written)
            }
        }
        let owner = try LoopOwner(kind, device: TunDevice(adopting: first), packetsPerTurn: 1)
        try await owner.start()
        #expect(await owner.events.collect() == packets.map { .packet($0) } + [.endOfStream, .closed])
    }

    @Test("a deadline is reported when it has come, not before", arguments: LoopOwner.Kind.allCases)
    func deadline(kind: LoopOwner.Kind) async throws {
        let running = try await Running(kind)
        let clock = MonotonicClock()
        let deadline = clock.now() + .milliseconds(2)
        await running.owner.setDeadlines(deadline)
        var events = running.owner.events.makeAsyncIterator()
        #expect(await events.next() == .deadline)
        #expect(clock.now() >= deadline)
        await running.owner.cancel()
    }

    @Test("a deadline that has passed is reported at once, and each deadline once", arguments: LoopOwner.Kind.allCases)
    func pastDeadline(kind: LoopOwner.Kind) async throws {
        let running = try await Running(kind)
        var events = running.owner.events.makeAsyncIterator()
        for _ in 0..<3 {
            await running.owner.setDeadlines(past)
            #expect(await events.next() == .deadline)
        }
        await running.owner.cancel()
        #expect(await events.next() == .closed)
        #expect(await events.next() == nil)
    }

    @Test("an earlier deadline overtakes a later one", arguments: LoopOwner.Kind.allCases)
    func earlierDeadline(kind: LoopOwner.Kind) async throws {
        let running = try await Running(kind)
        await running.owner.setDeadlines(inAnHour, past)
        var events = running.owner.events.makeAsyncIterator()
        #expect(await events.next() == .deadline)
        await running.owner.cancel()
    }

    @Test("a deadline that moved later is reported at its new time", arguments: LoopOwner.Kind.allCases)
    func laterDeadline(kind: LoopOwner.Kind) async throws {
        let running = try await Running(kind)
        let clock = MonotonicClock()
        let first = clock.now() + .milliseconds(1)
        let second = first + .milliseconds(3)
        await running.owner.setDeadlines(first, second)
        var events = running.owner.events.makeAsyncIterator()
        #expect(await events.next() == .deadline)
        #expect(clock.now() >= second)
        await running.owner.cancel()
    }

    @Test(
        "a deadline that was taken back is not reported", arguments: LoopOwner.Kind.allCases,
        [nil, Instant.distantFuture])
    func disarmed(kind: LoopOwner.Kind, replacement: Instant?) async throws {
        let running = try await Running(kind)
        await running.owner.setDeadlines(past, replacement)
        #expect(try running.kernel.writeBytes([1]) == .written)
        var events = running.owner.events.makeAsyncIterator()
        #expect(await events.next() == .packet([1]))
        await running.owner.cancel()
        #expect(await events.next() == .closed)
    }

    @Test("a turn that was asked for twice comes once, and can be asked for again", arguments: LoopOwner.Kind.allCases)
    func turns(kind: LoopOwner.Kind) async throws {
        let running = try await Running(kind)
        var events = running.owner.events.makeAsyncIterator()
        for _ in 0..<2 {
            await running.owner.requestTurns(2)
            #expect(await events.next() == .turn)
        }
        await running.owner.cancel()
        await running.owner.requestTurns(1)
        #expect(await events.next() == .closed)
        #expect(await events.next() == nil)
    }

    @Test(
        "after cancel comes closed and nothing else; a second cancel and a deadline do nothing",
        arguments: LoopOwner.Kind.allCases)
    func cancel(kind: LoopOwner.Kind) async throws {
        let running = try await Running(kind)
        await running.owner.cancel()
        await running.owner.cancel()
        await running.owner.setDeadlines(past)
        #expect(try running.kernel.writeBytes([1]) == .written)
        #expect(await running.owner.events.collect() == [.closed])
    }

    @Test("an owner that goes away takes its loop and its device with it", arguments: LoopOwner.Kind.allCases)
    func ownerGoesAway(kind: LoopOwner.Kind) async throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let kernel = try TunDevice(adopting: second)
        let events = try await startAndForget(first, kind)
        #expect(await events.collect() == [.closed])
        #expect(try kernel.readBytes() == .endOfStream)
    }

    private func startAndForget(_ descriptor: CInt, _ kind: LoopOwner.Kind) async throws -> AsyncStream<LoopOwner.Event>
    {
        let owner = try LoopOwner(kind, device: TunDevice(adopting: descriptor))
        try await owner.start()
        await owner.setDeadlines(inAnHour)
        return owner.events
    }
}

import Glibc
import Testing
import TunstackCore
import TunstackLinux

@Suite("DispatchEventLoop", .timeLimit(.minutes(1)))
struct DispatchEventLoopTests {
    private let past = Instant(nanoseconds: 0)
    private let inAnHour = MonotonicClock().now() + .minutes(60)

    /// A started owner of one end of a socket pair, and the other end.
    private struct Running: ~Copyable {
        let owner: LoopOwner
        let kernel: TunDevice

        init() async throws {
            let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
            let kernel = try TunDevice(adopting: second)
            let owner = try LoopOwner(device: TunDevice(adopting: first))
            await owner.start()
            self.owner = owner
            self.kernel = kernel
        }
    }

    @Test("packets wake the owner, isolated to it, again and again")
    func readable() async throws {
        let running = try await Running()
        var events = running.owner.events.makeAsyncIterator()
        for number in 0..<100 as Range<UInt8> {
            #expect(try running.kernel.writeBytes([number]) == .written)
            #expect(await events.next() == .packet([number]))
        }
        await running.owner.cancel()
    }

    @Test("packets that were there before the loop are reported too")
    func packetsBeforeActivation() async throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let kernel = try TunDevice(adopting: second)
        #expect(try kernel.writeBytes([1]) == .written)
        let owner = try LoopOwner(device: TunDevice(adopting: first))
        await owner.start()
        var events = owner.events.makeAsyncIterator()
        #expect(await events.next() == .packet([1]))
        await owner.cancel()
    }

    @Test("an owner that stops at a budget is woken for the rest, even after the other side closed")
    func levelTriggered() async throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let packets = (0..<20 as Range<UInt8>).map { [$0] }
        do {
            let kernel = try TunDevice(adopting: second)
            for packet in packets {
                #expect(try kernel.writeBytes(packet) == .written)
            }
        }
        let owner = try LoopOwner(device: TunDevice(adopting: first), packetsPerTurn: 1)
        await owner.start()
        #expect(await owner.events.collect() == packets.map { .packet($0) } + [.endOfStream, .closed])
    }

    @Test("a deadline is reported when it has come, not before")
    func deadline() async throws {
        let running = try await Running()
        let clock = MonotonicClock()
        let deadline = clock.now() + .milliseconds(2)
        await running.owner.setDeadlines(deadline)
        var events = running.owner.events.makeAsyncIterator()
        #expect(await events.next() == .deadline)
        #expect(clock.now() >= deadline)
        await running.owner.cancel()
    }

    @Test("a deadline that has passed is reported at once, and each deadline once")
    func pastDeadline() async throws {
        let running = try await Running()
        var events = running.owner.events.makeAsyncIterator()
        for _ in 0..<3 {
            await running.owner.setDeadlines(past)
            #expect(await events.next() == .deadline)
        }
        await running.owner.cancel()
        #expect(await events.next() == .closed)
        #expect(await events.next() == nil)
    }

    @Test("an earlier deadline overtakes a later one")
    func earlierDeadline() async throws {
        let running = try await Running()
        await running.owner.setDeadlines(inAnHour, past)
        var events = running.owner.events.makeAsyncIterator()
        #expect(await events.next() == .deadline)
        await running.owner.cancel()
    }

    @Test("a deadline that moved later is reported at its new time")
    func laterDeadline() async throws {
        let running = try await Running()
        let clock = MonotonicClock()
        let first = clock.now() + .milliseconds(1)
        let second = first + .milliseconds(3)
        await running.owner.setDeadlines(first, second)
        var events = running.owner.events.makeAsyncIterator()
        #expect(await events.next() == .deadline)
        #expect(clock.now() >= second)
        await running.owner.cancel()
    }

    @Test("a deadline that was taken back is not reported", arguments: [nil, Instant.distantFuture])
    func disarmed(replacement: Instant?) async throws {
        let running = try await Running()
        await running.owner.setDeadlines(past, replacement)
        #expect(try running.kernel.writeBytes([1]) == .written)
        var events = running.owner.events.makeAsyncIterator()
        #expect(await events.next() == .packet([1]))
        await running.owner.cancel()
        #expect(await events.next() == .closed)
    }

    @Test("after cancel comes closed and nothing else; a second cancel and a deadline do nothing")
    func cancel() async throws {
        let running = try await Running()
        await running.owner.cancel()
        await running.owner.cancel()
        await running.owner.setDeadlines(past)
        #expect(try running.kernel.writeBytes([1]) == .written)
        #expect(await running.owner.events.collect() == [.closed])
    }

    @Test("an owner that goes away takes its loop and its device with it")
    func ownerGoesAway() async throws {
        let (first, second) = try DevicePair.descriptors(type: SOCK_SEQPACKET)
        let kernel = try TunDevice(adopting: second)
        let events = try await startAndForget(first)
        #expect(await events.collect() == [.closed])
        #expect(try kernel.readBytes() == .endOfStream)
    }

    private func startAndForget(_ descriptor: CInt) async throws -> AsyncStream<LoopOwner.Event> {
        let owner = try LoopOwner(device: TunDevice(adopting: descriptor))
        await owner.start()
        await owner.setDeadlines(inAnHour)
        return owner.events
    }
}

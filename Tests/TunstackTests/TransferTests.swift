import TestSupport
import Testing

@testable import Tunstack

@Suite("Reading and writing", .timeLimit(.minutes(1)))
struct TransferTests {
    @Test("what is written comes back from an echo, byte for byte: 1 MB each way")
    func megabyteEachWay() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let sent = pattern(1_000_000)
        async let echoing: Void = server.echo()
        async let writing: Void = {
            try await client.write(sent)
            try await client.shutdownWrite()
        }()
        let received = try await client.readAll()
        try await writing
        try await echoing
        #expect(received == sent)
        await pair.shutdown()
    }

    @Test("large packets are read to where their text belongs, and nothing shows of it")
    func placement() async throws {
        let pair = try await StackPair { $0.mtu = 9_000 }
        let (client, server) = try await pair.connected()
        let sent = pattern(1_000_000)
        async let writing: Void = {
            try await client.write(sent)
            try await client.shutdownWrite()
        }()
        let received = try await server.readAll()
        try await writing
        #expect(received == sent)
        let counters = await pair.server.counters
        #expect(counters.packetsPlaced > 50, "\(counters.packetsPlaced) placed, \(counters.packetsMisplaced) not")
        await pair.shutdown()
    }

    @Test("what is relayed to its own connection comes back, byte for byte, and the end of the stream ends it")
    func relayToItself() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let sent = pattern(1_000_000)
        async let relayed = server.relay(to: server)
        async let writing: Void = {
            try await client.write(sent)
            try await client.shutdownWrite()
        }()
        let received = try await client.readExactly(sent.count)
        try await writing
        #expect(try await relayed == sent.count)
        #expect(received == sent)
        await pair.shutdown()
    }

    @Test("a relay tells which side ended, lets nobody else read or write meanwhile, and can be cancelled")
    func relayEnds() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let relay = Task(executorPreference: server.stack.executor) { try await server.relay(to: server) }
        try await client.write([1])
        #expect(try await client.readExactly(1) == [1])
        await #expect(throws: ReadError.readInProgress) { try await server.read() }
        await #expect(throws: WriteError.writeInProgress) { try await server.write([2]) }
        relay.cancel()
        await #expect(throws: RelayFailure.read(.cancelled)) { try await relay.value }
        let again = Task(executorPreference: server.stack.executor) { try await server.relay(to: server) }
        try await client.write([3])
        #expect(try await client.readExactly(1) == [3])
        await client.abort()
        await #expect(throws: RelayFailure.read(.connectionEnded(.resetByPeer))) { try await again.value }
        await pair.shutdown()
    }

    @Test("what is read in place is gone, what was left is there again, and the end of the stream is 0")
    func readInPlace() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        try await client.write([1, 2, 3])
        try await client.shutdownWrite()
        var left = 3
        while left > 0 {
            let value = UInt8(4 - left)
            left -= try await server.read(inPlace: { first, second in
                #expect((first.byteCount > 0 ? first : second).byte(at: 0) == value)
                return 1
            })
        }
        #expect(try await server.read(inPlace: { $0.byteCount + $1.byteCount }) == 0)
        await pair.shutdown()
    }

    @Test("after closing its direction a peer still reads everything", .requirement("mission B27"))
    func halfClose() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        try await client.write("the end".utf8)
        try await client.shutdownWrite()
        #expect(try await server.readAll() == Array("the end".utf8))
        #expect(await server.status()?.state == .closeWait)
        try await server.write("not yet".utf8)
        await server.close()
        #expect(try await client.readAll() == Array("not yet".utf8))
        await pair.shutdown()
    }

    @Test("what is written with more to follow arrives with the next write, when it is set free, and with the end")
    func more() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        try await client.write("head ".utf8, more: true)
        try await client.write("body".utf8)
        #expect(try await server.readExactly(9) == Array("head body".utf8))
        try await client.write("rest".utf8, more: true)
        try await client.write([])
        #expect(try await server.readExactly(4) == Array("rest".utf8))
        var options = try await client.options()
        options.corked = true
        try await client.setOptions(options)
        try await client.write("last words".utf8)
        try await client.shutdownWrite()
        #expect(try await server.readAll() == Array("last words".utf8))
        await pair.shutdown()
    }

    @Test("the end of the stream is nil, again and again", .requirement("mission B26"))
    func endOfStream() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        await client.close()
        #expect(try await server.read() == nil)
        #expect(try await server.read() == nil)
        var nothing: [UInt8] = []
        #expect(try await server.read(appendingTo: &nothing) == 0)
        await pair.shutdown()
    }

    @Test("a read takes no more than its limit and leaves the rest")
    func readLimit() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        try await client.write(pattern(1_000))
        #expect(try await server.readExactly(1) == pattern(1))
        let next = try #require(try await server.read(upTo: 10))
        #expect(next == pattern(next.count, seed: 1))
        #expect(next.count <= 10)
        #expect(try await server.readExactly(1_000 - 1 - next.count) == Array(pattern(1_000)[(1 + next.count)...]))
        await pair.shutdown()
    }

    @Test("a read into raw memory appends there")
    func readIntoMemory() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        try await client.write([1, 2, 3])
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2, alignment: 1)
        defer { unsafe memory.deallocate() }
        var output = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        #expect(try await server.read(into: &output) == 2)
        let bytes = unsafe Array(memory)
        #expect(bytes == [1, 2])
        #expect(try await server.read() == [3])
        await pair.shutdown()
    }

    @Test("the chunks of a connection are its stream")
    func chunks() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let sent = pattern(100_000)
        async let writing: Void = {
            try await client.write(sent)
            await client.close()
        }()
        var received: [UInt8] = []
        for try await chunk in server.chunks {
            #expect(!chunk.isEmpty)
            received += chunk
        }
        try await writing
        #expect(received == sent)
        await pair.shutdown()
    }

    @Test("a writer is suspended until its reader reads")
    func backPressure() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let sent = pattern(500_000)
        async let writing: Void = {
            try await client.write(sent)
            await client.close()
        }()
        // When both buffers are full, nothing can move any more.
        var isFull = false
        while !isFull {
            await Task.yield()
            let waiting = await client.status()?.unacknowledgedBytes ?? 0
            let readable = await server.status()?.readableBytes ?? 0
            // The last bit of the window is too small to be worth a segment (RFC 9293 §3.8.6.2.1).
            isFull = waiting == 32 * 1_024 && readable > 30 * 1_024
        }
        #expect(await pair.client.hasTask(in: .writer))
        #expect(try await server.readAll() == sent)
        try await writing
        await pair.shutdown()
    }

    @Test("cancelling a reader ends its wait, and no byte is lost")
    func cancelledReader() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let reader = Task { await server.readError() }
        await pair.server.untilTaskWaits(as: .reader)
        reader.cancel()
        #expect(await reader.value == .cancelled)
        try await client.write("still here".utf8)
        #expect(try await server.readExactly(10) == Array("still here".utf8))
        await pair.shutdown()
    }

    @Test("cancelling a writer says how many bytes were taken, and those arrive")
    func cancelledWriter() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let sent = pattern(500_000)
        let writer = Task { await client.writeError(sent) }
        await pair.client.untilTaskWaits(as: .writer)
        writer.cancel()
        guard case .cancelled(let taken) = await writer.value else {
            Issue.record("the writer was not cancelled")
            return
        }
        #expect(taken > 0 && taken < sent.count)
        await client.close()
        #expect(try await server.readAll() == Array(sent[..<taken]))
        await pair.shutdown()
    }

    @Test("a second reader gets an error, and the first one its bytes")
    func secondReader() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        async let first = server.read()
        await pair.server.untilTaskWaits(as: .reader)
        #expect(await server.readError() == .readInProgress)
        try await client.write([42])
        #expect(try await first == [42])
        await pair.shutdown()
    }

    @Test("a second writer gets an error, and its bytes do not mix with the first one's")
    func secondWriter() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        let sent = pattern(200_000)
        async let first: Void = client.write(sent)
        await pair.client.untilTaskWaits(as: .writer)
        #expect(await client.writeError([0]) == .writeInProgress)
        #expect(try await server.readExactly(sent.count) == sent)
        try await first
        await pair.shutdown()
    }

    @Test("options can be read and changed while a connection lives")
    func options() async throws {
        let pair = try await StackPair()
        let (client, server) = try await pair.connected()
        var options = try await client.options()
        #expect(!options.noDelay)
        options.noDelay = true
        try await client.setOptions(options)
        #expect(try await client.options().noDelay)
        await client.close()
        #expect(await client.optionsError() != nil)
        withExtendedLifetime(server) {}
        await pair.shutdown()
    }
}

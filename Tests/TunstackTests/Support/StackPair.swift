import Testing
import Tunstack

/// Two stacks at the ends of one cable, on an event loop of each kind.
struct StackPair {
    static let clientAddress = IPv4Address(10, 0, 0, 1)
    static let serverAddress = IPv4Address(10, 0, 0, 2)
    static let echo = Endpoint(serverAddress, 7)

    let client: TunnelStack
    let server: TunnelStack

    /// - Parameters:
    ///   - clientObserver: Watches the client's packets.
    ///   - configure: Changes the configuration of both.
    init(
        clientObserver: sending (any PacketObserver)? = nil,
        configure: (inout StackConfiguration) -> Void = { _ in }
    ) async throws {
        let (first, second) = try Cable.makeEnds()
        client = try await TunnelStack.open(
            adopting: first, configuration: Self.configuration(Self.clientAddress, configure),
            eventLoop: .dispatch, observer: clientObserver)
        server = try await TunnelStack.open(
            adopting: second, configuration: Self.configuration(Self.serverAddress, configure),
            eventLoop: .epoll(busyPoll: .zero))
    }

    /// Windows that fit the buffer of the socket between the stacks, so that a connection loses nothing there.
    static func configuration(
        _ address: IPv4Address, _ configure: (inout StackConfiguration) -> Void = { _ in }
    ) -> StackConfiguration {
        var configuration = StackConfiguration(address: IPv4Network(address, prefixLength: 24))
        configuration.defaultConnectionOptions.receiveBufferBytes = 32 * 1_024
        configuration.defaultConnectionOptions.sendBufferBytes = 32 * 1_024
        configuration.defaultConnectionOptions.maximumReceiveBufferBytes = 32 * 1_024
        configuration.defaultConnectionOptions.maximumSendBufferBytes = 32 * 1_024
        configure(&configuration)
        return configuration
    }

    /// A connection, by both its ends.
    func connected() async throws -> (client: TCPConnection, server: TCPConnection) {
        let listener = try await server.listen(on: Self.echo)
        async let accepted = listener.accept()
        let connection = try await client.connect(to: Self.echo)
        let other = try await accepted
        await listener.close()
        return (connection, other)
    }

    /// Ends both without waiting for anybody.
    func shutdown() async {
        await client.shutdown(gracePeriod: .zero)
        await server.shutdown(gracePeriod: .zero)
    }
}

extension TCPConnection {
    /// Everything to the end of the stream.
    func readAll() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while try await read(appendingTo: &bytes) > 0 {}
        return bytes
    }

    /// Exactly so many bytes.
    func readExactly(_ count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let read = try await read(appendingTo: &bytes, upTo: count - bytes.count)
            try #require(read > 0, "the stream ended early")
        }
        return bytes
    }

    /// Sends back what comes, then closes.
    func echo() async throws {
        while let bytes = try await read() {
            try await write(bytes)
        }
        await close()
    }
}

/// Bytes whose order shows: no buffer or segment size divides the period.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 + seed) % 251) }
}

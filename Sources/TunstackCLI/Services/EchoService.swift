import Tunstack

extension Service {
    /// Sends back what arrives, to the end of the stream (RFC 862). Only then our direction is closed, so that a peer that
    /// closes its own early still gets everything.
    nonisolated(nonsending) func echo(_ connection: TCPConnection) async throws {
        try await connection.relay(to: connection)
    }

    /// Throws away what arrives, to the end of the stream (RFC 863).
    nonisolated(nonsending) func discard(_ connection: TCPConnection) async throws {
        while try await connection.read(inPlace: { $0.byteCount + $1.byteCount }) > 0 {}
    }
}

import Tunstack

extension Service {
    /// Sends back what arrives, to the end of the stream (RFC 862). Only then our direction is closed, so that a peer that
    /// closes its own early still gets everything.
    nonisolated(nonsending) func echo(_ connection: TCPConnection) async throws {
        while let bytes = try await connection.read() {
            try await connection.write(bytes)
        }
    }

    /// Throws away what arrives, to the end of the stream (RFC 863).
    nonisolated(nonsending) func discard(_ connection: TCPConnection) async throws {
        var bytes: [UInt8] = []
        while try await connection.read(appendingTo: &bytes) > 0 {
            bytes.removeAll(keepingCapacity: true)
        }
    }
}

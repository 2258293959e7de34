import Tunstack

extension Service {
    /// Sends lines of characters until the peer has closed its side altogether, and throws away what arrives (RFC 864). A peer
    /// that only closes its own direction gets more of them.
    nonisolated(nonsending) func generateCharacters(_ connection: TCPConnection) async throws {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.discard(connection) }
                while true {
                    try await connection.write(CharacterPattern.cycles)
                }
            }
        } catch WriteError.connectionEnded(.resetByPeer) {
            // The usual end: the peer has heard enough.
        }
    }
}

/// The pattern that RFC 864 recommends: lines of 72 printable characters, each line beginning one character further on.
enum CharacterPattern {
    private static let printable = UInt8(ascii: " ")...UInt8(ascii: "~")
    private static let lineLength = 72

    /// As many lines as there are printable characters; after them the pattern begins anew.
    static let cycle: [UInt8] = {
        let characters = Array(printable)
        var bytes: [UInt8] = []
        for start in characters.indices {
            bytes += (0..<lineLength).map { characters[(start + $0) % characters.count] }
            bytes += "\r\n".utf8
        }
        return bytes
    }()

    /// Enough of them for a full send buffer not to need many calls.
    static let cycles = Array(repeatElement(cycle, count: 16).joined())
}

extension TCPConnection {
    /// The bytes that the peer sends, as they arrive, to the end of the stream:
    ///
    ///     for try await chunk in connection.chunks { ... }
    ///
    /// The sequence reads the connection; it is not a copy of the stream.
    public var chunks: Chunks { Chunks(connection: self) }

    /// What a peer sends, in arrays of at least one byte.
    public struct Chunks: AsyncSequence, Sendable {
        let connection: TCPConnection

        /// Reads chunk by chunk.
        public struct AsyncIterator: AsyncIteratorProtocol {
            let connection: TCPConnection

            /// The next chunk; nil at the end of the stream.
            public nonisolated(nonsending) mutating func next() async throws(ReadError) -> [UInt8]? {
                try await connection.read()
            }
        }

        /// Starts to read.
        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(connection: connection)
        }
    }
}

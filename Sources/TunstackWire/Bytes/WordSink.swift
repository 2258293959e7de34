/// What takes the words of a header one by one, so that its layout is written down once for its bytes and its checksum.
///
/// Headers of IPv4 and TCP are whole words of 32 bits.
@usableFromInline
protocol WordSink: ~Copyable, ~Escapable {
    /// Takes the next word, to be seen as four bytes in network order.
    mutating func put(_ word: UInt32)
}

extension OutputRawSpan: WordSink {
    /// Appends the word; there must be room for it.
    @inlinable
    @inline(__always)
    mutating func put(_ word: UInt32) {
        appendBigEndian(word)
    }
}

extension [UInt8]: WordSink {
    /// Appends the word.
    @usableFromInline
    mutating func put(_ word: UInt32) {
        appendBigEndian(word)
    }
}

extension InternetChecksum: WordSink {
    /// Adds the word; the number of bytes added before must be even.
    @inlinable
    @inline(__always)
    mutating func put(_ word: UInt32) {
        add(word)
    }
}

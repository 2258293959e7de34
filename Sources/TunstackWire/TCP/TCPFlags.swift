/// The control bits of a TCP header (RFC 9293 §3.1; ECE and CWR are RFC 3168's, AE is RFC 9768's).
public struct TCPFlags: OptionSet, Hashable, Sendable {
    /// The bits as the header carries them, the lowest nine; the three above are reserved, and are never written.
    public let rawValue: UInt16

    /// Makes flags of their bits.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// No more data from the sender.
    @inlinable
    public static var fin: Self { Self(rawValue: 0x01) }

    /// Synchronize sequence numbers: only while a connection is being opened.
    @inlinable
    public static var syn: Self { Self(rawValue: 0x02) }

    /// Reset the connection: something is gravely wrong, or the sender gave it up.
    @inlinable
    public static var rst: Self { Self(rawValue: 0x04) }

    /// Push: hand the data to the application at once.
    @inlinable
    public static var psh: Self { Self(rawValue: 0x08) }

    /// The acknowledgment number counts.
    @inlinable
    public static var ack: Self { Self(rawValue: 0x10) }

    /// The urgent pointer counts.
    @inlinable
    public static var urg: Self { Self(rawValue: 0x20) }

    /// ECN echo: congestion was seen on the way (RFC 3168 §6.1).
    @inlinable
    public static var ece: Self { Self(rawValue: 0x40) }

    /// Congestion window reduced, in answer to ECN echo (RFC 3168 §6.1).
    @inlinable
    public static var cwr: Self { Self(rawValue: 0x80) }

    /// Accurate ECN (RFC 9768 §3.1); the nonce sum before that (RFC 3540, made historic by RFC 8311 §3).
    @inlinable
    public static var ae: Self { Self(rawValue: 0x100) }

    /// The bits that have a meaning. What RFC 9293 §3.1 reserves beside them is ignored and written as zero.
    @inlinable
    static var assigned: Self { Self(rawValue: 0x1FF) }
}

extension TCPFlags: CustomStringConvertible {
    /// tcpdump's letters, lowest bit first: `S`, `S.`, `P.`, `F.`, `R.`; `none` without any.
    public var description: String {
        let letters = zip(0..., "FSRP.UEWe").filter { bit, _ in rawValue >> bit & 1 == 1 }
        return letters.isEmpty ? "none" : String(letters.map(\.1))
    }
}

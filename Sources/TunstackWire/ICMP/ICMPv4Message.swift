/// An ICMP message for IPv4: what its first eight bytes say (RFC 792). A payload or the quoted packet follows them.
public enum ICMPv4Message: Equatable, Sendable {
    /// "Are you there?"; the payload comes back with the reply.
    case echoRequest(identifier: UInt16, sequence: UInt16)
    /// The answer to an echo request.
    case echoReply(identifier: UInt16, sequence: UInt16)
    /// The quoted packet could not be delivered.
    ///
    /// With code 4, fragmentation needed, `nextHopMTU` is how large a packet may be (RFC 1191 §4), 0 from an old
    /// router.
    case destinationUnreachable(code: UInt8, nextHopMTU: UInt16)
    /// A plea to slow down, out of use (RFC 6633).
    case sourceQuench
    /// The quoted packet, or a part of it, lived too long: code 0 on the way, 1 while waiting for fragments.
    case timeExceeded(code: UInt8)
    /// The quoted packet has a fault at the byte to which `pointer` points.
    case parameterProblem(pointer: UInt8)
    /// Any other message.
    case other(type: UInt8, code: UInt8)

    /// The length in bytes of what is before the payload or the quoted packet.
    @inlinable public static var headerLength: Int { 8 }

    /// Reads a whole ICMP message, the payload of an IPv4 packet.
    ///
    /// - Throws: `truncated` if there are fewer than 8 bytes, `badChecksum` if the sum over all bytes is wrong.
    public init(parsing bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount >= Self.headerLength else { throw .truncated }
        var checksum = InternetChecksum()
        checksum.add(bytes)
        guard checksum.isValid else { throw .badChecksum }
        self.init(
            type: bytes.byte(at: 0), code: bytes.byte(at: 1), rest: bytes.bigEndianUInt32(at: 4))
    }

    /// Appends the eight bytes with their checksum, then the payload; there must be room for both.
    public func append(to output: inout OutputRawSpan, payload: RawSpan) {
        let (type, code, rest) = fields
        let typeAndCode = UInt16(type) << 8 | UInt16(code)
        var checksum = InternetChecksum()
        checksum.add(typeAndCode)
        checksum.add(rest)
        checksum.add(payload)
        output.appendBigEndian(typeAndCode)
        output.appendBigEndian(checksum.finish())
        output.appendBigEndian(rest)
        output.append(bytes: payload)
    }
}

// MARK: - Numbers (RFC 792)

extension ICMPv4Message {
    private enum Kind {
        static let echoReply: UInt8 = 0
        static let destinationUnreachable: UInt8 = 3
        static let sourceQuench: UInt8 = 4
        static let echoRequest: UInt8 = 8
        static let timeExceeded: UInt8 = 11
        static let parameterProblem: UInt8 = 12
    }

    /// Makes a message of its type, its code and the four bytes after the checksum.
    init(type: UInt8, code: UInt8, rest: UInt32) {
        let upper = UInt16(truncatingIfNeeded: rest >> 16)
        let lower = UInt16(truncatingIfNeeded: rest)
        switch type {
        case Kind.echoReply: self = .echoReply(identifier: upper, sequence: lower)
        case Kind.destinationUnreachable: self = .destinationUnreachable(code: code, nextHopMTU: lower)
        case Kind.sourceQuench: self = .sourceQuench
        case Kind.echoRequest: self = .echoRequest(identifier: upper, sequence: lower)
        case Kind.timeExceeded: self = .timeExceeded(code: code)
        case Kind.parameterProblem: self = .parameterProblem(pointer: UInt8(rest >> 24))
        default: self = .other(type: type, code: code)
        }
    }

    /// The type, the code and the four bytes after the checksum; what the case does not say is zero.
    private var fields: (type: UInt8, code: UInt8, rest: UInt32) {
        switch self {
        case .echoReply(let identifier, let sequence):
            (Kind.echoReply, 0, UInt32(identifier) << 16 | UInt32(sequence))
        case .destinationUnreachable(let code, let nextHopMTU):
            (Kind.destinationUnreachable, code, UInt32(nextHopMTU))
        case .sourceQuench:
            (Kind.sourceQuench, 0, 0)
        case .echoRequest(let identifier, let sequence):
            (Kind.echoRequest, 0, UInt32(identifier) << 16 | UInt32(sequence))
        case .timeExceeded(let code):
            (Kind.timeExceeded, code, 0)
        case .parameterProblem(let pointer):
            (Kind.parameterProblem, 0, UInt32(pointer) << 24)
        case .other(let type, let code):
            (type, code, 0)
        }
    }
}

/// Why bytes are not the header that they were taken for.
public enum WireError: Error, Equatable, Sendable {
    /// Fewer bytes than the header, or the packet by its own account, has.
    case truncated
    /// The IP version is not the expected one.
    case badVersion
    /// The header's length field is below the length of a header without options.
    case badHeaderLength
    /// The total length is below the header's length.
    case badTotalLength
    /// The checksum does not match.
    case badChecksum
    /// The packet carries another protocol than the expected one.
    case unexpectedProtocol
    /// The packet is a later fragment, whose payload does not begin with a header.
    case laterFragment
}

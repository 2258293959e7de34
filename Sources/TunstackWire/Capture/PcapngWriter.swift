/// Encodes a pcapng capture file block by block (draft-ietf-opsawg-pcapng), in network byte order and with times in
/// nanoseconds. It writes nowhere: whoever has a file appends the blocks to it.
///
/// A file is one section header, one interface description for each interface, and then packets.
public enum PcapngWriter {
    /// Which way a packet went.
    public enum Direction: Sendable {
        /// Into the stack.
        case inbound
        /// Out of the stack.
        case outbound
    }

    /// Packets are raw IP, version 4 or 6, without a link header: LINKTYPE_RAW.
    private static let linkTypeRaw: UInt16 = 101
    /// The longest value that an option's 16-bit length allows, in whole words.
    private static let maximumOptionLength = 0xFFFC

    private enum BlockType {
        static let sectionHeader: UInt32 = 0x0A0D_0D0A
        static let interfaceDescription: UInt32 = 1
        static let enhancedPacket: UInt32 = 6
    }

    private enum OptionCode {
        static let comment: UInt16 = 1
        static let interfaceName: UInt16 = 2
        static let packetFlags: UInt16 = 2
        static let userApplication: UInt16 = 4
        static let timestampResolution: UInt16 = 9
    }

    /// The block that begins a file.
    ///
    /// - Parameter application: What made the capture, for whoever reads it.
    public static func sectionHeader(application: String? = nil) -> [UInt8] {
        var body: [UInt8] = []
        body.appendBigEndian(UInt32(0x1A2B_3C4D))
        body.appendBigEndian(UInt16(1))
        body.appendBigEndian(UInt16(0))
        // The section's length is not known beforehand.
        body.appendBigEndian(Int64(-1))
        var options: [UInt8] = []
        if let application { append(text: application, code: OptionCode.userApplication, to: &options) }
        return block(BlockType.sectionHeader, body: body, options: options)
    }

    /// The block that describes an interface; the first one in a file is interface 0.
    ///
    /// - Parameters:
    ///   - name: The interface's name.
    ///   - snapshotLength: The most bytes kept of a packet, 0 for no limit.
    public static func interfaceDescription(name: String? = nil, snapshotLength: UInt32 = 0) -> [UInt8] {
        var body: [UInt8] = []
        body.appendBigEndian(linkTypeRaw)
        body.appendBigEndian(UInt16(0))
        body.appendBigEndian(snapshotLength)
        var options: [UInt8] = []
        if let name { append(text: name, code: OptionCode.interfaceName, to: &options) }
        // Ten to the minus ninth of a second.
        append(option: [9], code: OptionCode.timestampResolution, to: &options)
        return block(BlockType.interfaceDescription, body: body, options: options)
    }

    /// The block that holds a packet.
    ///
    /// - Parameters:
    ///   - packet: The whole IP packet.
    ///   - nanoseconds: When it passed, in nanoseconds since 1970 or since any other time that suits the reader.
    ///   - interface: Which of the described interfaces it passed.
    ///   - direction: Which way it went, if known.
    ///   - comment: What to remark on it.
    public static func enhancedPacket(
        _ packet: RawSpan, atNanoseconds nanoseconds: UInt64, interface: UInt32 = 0, direction: Direction? = nil,
        comment: String? = nil
    ) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(20 + packet.byteCount + 3)
        body.appendBigEndian(interface)
        body.appendBigEndian(nanoseconds)
        body.appendBigEndian(UInt32(packet.byteCount))
        body.appendBigEndian(UInt32(packet.byteCount))
        body.append(bytes: packet)
        pad(&body)
        var options: [UInt8] = []
        if let direction {
            append(option: [0, 0, 0, direction == .inbound ? 1 : 2], code: OptionCode.packetFlags, to: &options)
        }
        if let comment { append(text: comment, code: OptionCode.comment, to: &options) }
        return block(BlockType.enhancedPacket, body: body, options: options)
    }

    // MARK: Parts of blocks

    /// Puts a block together; its length stands at both ends.
    private static func block(_ type: UInt32, body: [UInt8], options: [UInt8]) -> [UInt8] {
        // An option of code and length zero ends the options.
        let end: [UInt8] = options.isEmpty ? [] : [0, 0, 0, 0]
        let length = UInt32(12 + body.count + options.count + end.count)
        var block: [UInt8] = []
        block.reserveCapacity(Int(length))
        block.appendBigEndian(type)
        block.appendBigEndian(length)
        block += body
        block += options
        block += end
        block.appendBigEndian(length)
        return block
    }

    /// Appends a text, cut off before the first character that no longer fits.
    private static func append(text: String, code: UInt16, to options: inout [UInt8]) {
        var bytes: [UInt8] = []
        for character in text {
            guard bytes.count + character.utf8.count <= maximumOptionLength else { break }
            bytes += character.utf8
        }
        append(option: bytes, code: code, to: &options)
    }

    private static func append(option value: [UInt8], code: UInt16, to options: inout [UInt8]) {
        options.appendBigEndian(code)
        options.appendBigEndian(UInt16(value.count))
        options += value
        pad(&options)
    }

    /// Pads with zeros to a whole word.
    private static func pad(_ bytes: inout [UInt8]) {
        while !bytes.count.isMultiple(of: 4) { bytes.append(0) }
    }
}

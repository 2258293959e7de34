import TunstackWire

/// Feeds bytes to the parsers. They must not trap; what they make of the bytes must survive being written and read.
struct ParserFuzz {
    private let bytes: [UInt8]
    private var problems: [String] = []

    init(_ input: [UInt8]) {
        bytes = input
    }

    func findings() -> [String] {
        var fuzz = self
        fuzz.bytes.withRawSpan { span in
            fuzz.checkIPv4(span)
            fuzz.checkTCP(span)
            fuzz.checkICMP(span)
            fuzz.checkOthers(span)
        }
        return fuzz.problems
    }

    private mutating func expect(_ condition: Bool, _ problem: @autoclosure () -> String) {
        if !condition { problems.append(problem()) }
    }

    private mutating func checkIPv4(_ span: RawSpan) {
        let header: IPv4Header
        do throws(WireError) {
            header = try IPv4Header(parsing: span)
        } catch {
            return
        }
        expect(
            header.headerLength <= header.totalLength && header.totalLength <= span.byteCount,
            "an IPv4 header reaches beyond its packet")
        let payload = span.extracting(header.headerLength..<header.totalLength)
        checkTCP(payload)
        checkICMP(payload)
        _ = TCPHeader.verifyChecksum(payload, source: header.source, destination: header.destination)
        guard header.payloadLength <= IPv4Header.maximumTotalLength - IPv4Header.minimumLength else { return }
        var written = header
        // It is written without options.
        written.headerLength = IPv4Header.minimumLength
        written.totalLength = IPv4Header.minimumLength + header.payloadLength
        let rewritten = [UInt8](rawCapacity: written.totalLength) { output in
            header.append(to: &output)
            output.append(bytes: payload)
        }
        let again = rewritten.withRawSpan { span -> IPv4Header? in
            do throws(WireError) { return try IPv4Header(parsing: span) } catch { return nil }
        }
        expect(again == written, "an IPv4 header is not read as it was written: \(header)")
    }

    private mutating func checkTCP(_ span: RawSpan) {
        let header: TCPHeader
        do throws(WireError) {
            header = try TCPHeader(parsing: span)
        } catch {
            return
        }
        expect(header.headerLength <= span.byteCount, "a TCP header reaches beyond its segment")
        let options = header.options
        expect(options.encodedLength <= TCPOptions.maximumLength, "options are longer than a header has room for")
        let rewritten = [UInt8](rawCapacity: TCPHeader.maximumLength) { header.append(to: &$0, checksum: 0) }
        let again = rewritten.withRawSpan { span -> TCPHeader? in
            do throws(WireError) { return try TCPHeader(parsing: span) } catch { return nil }
        }
        guard let again else {
            expect(false, "a TCP header is not read when written: \(header)")
            return
        }
        expect(again.headerLength == rewritten.count, "a TCP header was not written as long as it says")
        var wanted = options
        wanted.malformed = false
        // Blocks for which there was no room are left out.
        wanted.sackBlocks = again.options.sackBlocks
        expect(again.options == wanted, "options are not read as they were written: \(options)")
        expect(
            (0..<again.options.sackBlocks.count).allSatisfy { again.options.sackBlocks[$0] == options.sackBlocks[$0] },
            "SACK blocks are not read as they were written: \(options)")
        expect(
            again.sequenceNumber == header.sequenceNumber && again.flags == header.flags
                && again.window == header.window && again.urgentPointer == header.urgentPointer,
            "fields are not read as they were written: \(header)")
    }

    private mutating func checkICMP(_ span: RawSpan) {
        let message: ICMPv4Message
        do throws(WireError) {
            message = try ICMPv4Message(parsing: span)
        } catch {
            return
        }
        let payload = span.extracting(ICMPv4Message.headerLength..<span.byteCount)
        let rewritten = [UInt8](rawCapacity: span.byteCount) { message.append(to: &$0, payload: payload) }
        let again = rewritten.withRawSpan { span -> ICMPv4Message? in
            do throws(WireError) { return try ICMPv4Message(parsing: span) } catch { return nil }
        }
        expect(again == message, "an ICMP message is not read as it was written: \(message)")
        do throws(WireError) {
            _ = try QuotedTCPPacket(parsing: payload)
        } catch {
            // It quotes something else, or too little.
        }
    }

    /// The rest need only come to an end.
    private mutating func checkOthers(_ span: RawSpan) {
        _ = TCPOptions(parsing: span)
        _ = TracedSegment(span)
        for numbering in [PacketDescriber.Numbering.relative, .absolute] {
            var describer = PacketDescriber(numbering: numbering)
            let first = describer.describe(span)
            expect(!first.isEmpty && first.utf8.count < 4_096, "a packet's description has \(first.utf8.count) bytes")
            _ = describer.describe(span)
        }
        var whole = InternetChecksum()
        whole.add(span)
        var parts = InternetChecksum()
        let middle = span.byteCount / 2 & ~1
        parts.add(span.extracting(0..<middle))
        parts.add(span.extracting(middle..<span.byteCount))
        expect(whole.finish() == parts.finish(), "a checksum depends on where the bytes are cut")
    }
}

import Testing
import TunstackWire

@Suite("No bytes from outside trap")
struct RandomBytesTests {
    /// Calls `body` with runs of seeded bytes of seeded lengths below `limit`, the first of which may be forced.
    private func forEachRun(
        _ count: Int, below limit: Int, seed: UInt64, first: UInt8? = nil, _ body: (inout [UInt8]) -> Bool
    ) {
        var generator = SplitMix64(seed: seed)
        var bytes: [UInt8] = []
        for run in 0..<count {
            let length = Int(generator.next() % UInt64(limit))
            bytes.removeAll(keepingCapacity: true)
            while bytes.count < length {
                let word = generator.next()
                for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            bytes.removeLast(bytes.count - length)
            if let first, length > 0 { bytes[0] = first }
            guard body(&bytes) else {
                Issue.record("run \(run): \(bytes)")
                return
            }
        }
    }

    @Test("an IPv4 header that is accepted lies within its bytes")
    func ipv4() {
        var accepted = 0
        forEachRun(20_000, below: 80, seed: 1, first: 0x45) { bytes in
            // A small total length and a right checksum, without which hardly any would be accepted.
            if bytes.count >= 20 {
                bytes[0] = 0x43 + bytes[1] % 5
                bytes[2] = 0
                bytes[10] = 0
                bytes[11] = 0
                let checksum = plainChecksum(Array(bytes[..<min(Int(bytes[0] & 0xF) * 4, bytes.count)]))
                bytes[10] = UInt8(checksum >> 8)
                bytes[11] = UInt8(checksum & 0xFF)
            }
            return bytes.withRawSpan { span in
                do {
                    let header = try IPv4Header(parsing: span)
                    accepted += 1
                    return header.headerLength >= 20 && header.headerLength <= header.totalLength
                        && header.totalLength <= span.byteCount
                } catch {
                    return true
                }
            }
        }
        #expect(accepted > 500)
    }

    @Test("a TCP header that is accepted lies within its bytes, and comes back when written")
    func tcp() {
        var accepted = 0
        forEachRun(20_000, below: 70, seed: 2) { bytes in
            bytes.withRawSpan { span in
                guard let header = parsedTCP(span) else { return true }
                accepted += 1
                let again = [UInt8](rawCapacity: 60) { header.append(to: &$0, checksum: 0) }
                guard let copy = again.withRawSpan(parsedTCP) else { return false }
                var expected = header
                expected.options.malformed = false
                return header.headerLength <= span.byteCount && copy == expected
            }
        }
        #expect(accepted > 500)
    }

    private func parsedTCP(_ span: RawSpan) -> TCPHeader? {
        do { return try TCPHeader(parsing: span) } catch { return nil }
    }

    @Test("options of any bytes are written into 40 bytes at most, and come back")
    func options() {
        forEachRun(20_000, below: 60, seed: 3) { bytes in
            for index in bytes.indices where bytes[index] & 0x80 != 0 { bytes[index] %= 12 }
            var options = bytes.withRawSpan { TCPOptions(parsing: $0) }
            options.malformed = false
            let again = [UInt8](rawCapacity: 40) { options.append(to: &$0) }
            let copy = again.withRawSpan { TCPOptions(parsing: $0) }
            // Blocks that do not fit into a header's 40 bytes are left out.
            if copy.sackBlocks.count < options.sackBlocks.count { options.sackBlocks = copy.sackBlocks }
            return again.count == options.encodedLength && copy == options
        }
    }

    @Test("an ICMP message or a quoted packet is read or refused")
    func icmp() {
        var quotes = 0
        forEachRun(20_000, below: 70, seed: 4, first: 0x45) { bytes in
            if bytes.count >= 20 {
                bytes[6] &= 0x20
                bytes[7] = 0
                bytes[9] = 6 + bytes[9] % 2
            }
            return bytes.withRawSpan { span in
                do throws(WireError) {
                    _ = try ICMPv4Message(parsing: span)
                } catch {
                    guard error == (span.byteCount < 8 ? .truncated : .badChecksum) else { return false }
                }
                do {
                    _ = try QuotedTCPPacket(parsing: span)
                    quotes += 1
                } catch {
                    return true
                }
                return span.byteCount >= 28
            }
        }
        #expect(quotes > 500)
    }

    @Test("the describer finds words for any bytes")
    func describer() {
        var describer = PacketDescriber()
        forEachRun(20_000, below: 100, seed: 5, first: 0x45) { bytes in
            if bytes.count >= 20 {
                // Most packets get past the IP header, to the protocols that have lines of their own.
                bytes[0] = bytes[1] < 10 ? bytes[1] &* 25 : 0x45
                bytes[2] = 0
                bytes[3] = UInt8(bytes.count) &- bytes[3] / 128
                bytes[6] &= bytes[4] < 200 ? 0 : 0x3F
                bytes[7] &= bytes[6] == 0 ? 0 : 1
                bytes[9] = [1, 6, 6, 6, 17, bytes[9]][Int(bytes[9]) % 6]
            }
            return bytes.withRawSpan { describer.describe($0) }.hasPrefix("IP")
        }
    }
}

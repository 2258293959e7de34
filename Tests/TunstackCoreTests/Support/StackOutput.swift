import Testing
import TunstackCore
import TunstackWire

/// A packet as the gathering transmit hands it out.
struct PacketPieces: Equatable {
    var header: [UInt8] = []
    var text: [UInt8] = []
    var moreText: [UInt8] = []
    var metadata = TransmitMetadata()

    /// The packet in one piece, with the checksum that a device would have filled in.
    var packet: [UInt8] {
        var bytes = header + text + moreText
        guard let start = metadata.checksumStart else { return bytes }
        var sum = InternetChecksum()
        Array(bytes[start...]).withRawSpan { sum.add($0) }
        let checksum = sum.finish()
        bytes[start + 16] = UInt8(checksum >> 8)
        bytes[start + 17] = UInt8(truncatingIfNeeded: checksum)
        return bytes
    }
}

/// What the layer below makes of a packet.
extension PacketPieces {
    /// The packets that go on the wire: the segments of a super-segment, each with its headers.
    var onTheWire: [[UInt8]] {
        guard metadata.segmentSize > 0 else { return [packet] }
        let text = text + moreText
        return stride(from: 0, to: text.count, by: metadata.segmentSize).map { start in
            let end = min(text.count, start + metadata.segmentSize)
            return segment(Array(text[start..<end]), at: start, isLast: end == text.count)
        }
    }

    private func segment(_ text: [UInt8], at offset: Int, isLast: Bool) -> [UInt8] {
        do throws(WireError) {
            let ip = try packet.withRawSpan { bytes throws(WireError) in try IPv4Header(parsing: bytes) }
            var tcp = try Array(header[ip.headerLength...]).withRawSpan { bytes throws(WireError) in
                try TCPHeader(parsing: bytes)
            }
            tcp.sequenceNumber += offset
            if !isLast { tcp.flags.subtract([.fin, .psh]) }
            return Packets.tcp(tcp, from: ip.source, to: ip.destination, text: text, ecn: ip.ecn)
        } catch {
            Issue.record("a super-segment whose headers do not parse (\(error)): \(header)")
            return []
        }
    }
}

extension Stack {
    /// The gathering transmit with a buffer of its own for the headers.
    mutating func nextTransmit<Failure: Error>(
        at now: Instant, _ send: (RawSpan, RawSpan, RawSpan, TransmitMetadata) throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        var outcome = Result<Bool, Failure>.success(false)
        _ = [UInt8](rawCapacity: configuration.mtu) { header in
            do throws(Failure) {
                outcome = .success(try nextTransmit(header: &header, at: now, send))
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get()
    }

    /// The next packet in pieces; nil if there is nothing to send.
    mutating func nextPieces(at now: Instant) -> PacketPieces? {
        var pieces = PacketPieces()
        let isSent = nextTransmit(at: now) { header, text, moreText, metadata in
            pieces.header.append(bytes: header)
            pieces.text.append(bytes: text)
            pieces.moreText.append(bytes: moreText)
            pieces.metadata = metadata
        }
        return isSent ? pieces : nil
    }
}

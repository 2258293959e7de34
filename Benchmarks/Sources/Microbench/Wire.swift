import BenchmarkSupport
import TunstackWire

/// IP and TCP header of a segment with timestamps, as the stack reads them.
struct HeaderParsing: ~Copyable, Operation {
    private let template = Template(textLength: 1_448)

    func run(_ count: Int) {
        template.block.withBytes { packet in
            for _ in 0..<count {
                do throws(WireError) {
                    let ip = try IPv4Header(parsing: packet)
                    keep(try TCPHeader(parsing: packet.extracting(ip.headerLength..<ip.totalLength)))
                } catch {
                    preconditionFailure("the packet is in order")
                }
            }
        }
    }
}

/// The sum over so many bytes. Each time it begins elsewhere: the sum of the same bytes would be taken once.
struct Checksum: ~Copyable, Operation {
    private static let starts = 8

    private let bytes: [UInt8]
    private let byteCount: Int

    init(byteCount: Int) {
        bytes = (0..<byteCount + 8 * Self.starts).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        self.byteCount = byteCount
    }

    func run(_ count: Int) {
        bytes.withRawSpan { bytes in
            for number in 0..<count {
                let start = number % Self.starts * 8
                var checksum = InternetChecksum()
                checksum.add(bytes.extracting(start..<start + byteCount))
                keep(checksum.finish())
            }
        }
    }
}

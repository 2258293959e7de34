import Tunstack

/// Writes each packet to a pcapng file, with the state changes that it caused as a comment. The file is complete after every
/// turn of the stack.
final class CaptureObserver: PacketObserver {
    private let file: OutputStream
    private let path: String
    private let clock = WallClock()
    private var blocks: [UInt8]
    private var hasFailed = false

    /// Makes the file.
    ///
    /// - Throws: ``CommandFailure`` if it cannot be made.
    init(path: String, interface: String) throws(CommandFailure) {
        do throws(Errno) {
            file = try OutputStream(creating: path)
        } catch {
            throw CommandFailure(
                "cannot write \(path) (\(error)): choose another file or directory with --capture")
        }
        self.path = path
        blocks = PcapngWriter.sectionHeader(application: "tunstack")
        blocks += PcapngWriter.interfaceDescription(name: interface)
        flush()
    }

    deinit {
        flush()
        file.close()
    }

    func observe(_ packet: RawSpan, _ passage: PacketPassage) {
        let remarks = PacketLine.remarks(on: passage)
        blocks += PcapngWriter.enhancedPacket(
            packet, atNanoseconds: clock.nanoseconds(at: passage.instant),
            direction: passage.direction == .inbound ? .inbound : .outbound,
            comment: remarks.isEmpty ? nil : String(remarks.dropFirst()))
    }

    /// A pcapng file has no place for what happens between packets; `--trace` shows it.
    func observe(_ transition: TransitionRecord) {}

    func turnEnded() {
        flush()
    }

    func stackClosed() {
        flush()
    }

    private func flush() {
        defer { blocks.removeAll(keepingCapacity: true) }
        guard !blocks.isEmpty, !hasFailed else { return }
        do throws(Errno) {
            try file.write(blocks)
        } catch {
            hasFailed = true
            OutputStream.standardError.print(
                "tunstack: the capture stops, \(path) cannot be written any more (\(error))")
        }
    }
}

import Tunstack

/// Prints each packet in tcpdump's form, with its direction and the state changes that it caused.
final class TraceObserver: PacketObserver {
    private let output: OutputStream
    private let clock = WallClock()
    private var describer: PacketDescriber
    /// The lines of this turn.
    private var lines: [UInt8] = []

    init(output: OutputStream, numbering: PacketDescriber.Numbering) {
        self.output = output
        describer = PacketDescriber(numbering: numbering)
    }

    func observe(_ packet: RawSpan, _ passage: PacketPassage) {
        let direction =
            switch passage.direction {
            case .inbound: "In "
            case .outbound: "Out"
            }
        let description = describer.describe(packet)
        append("\(clock.timeOfDay(at: passage.instant)) \(direction) \(description)\(PacketLine.remarks(on: passage))")
    }

    func observe(_ transition: TransitionRecord) {
        let edge = transition.transition
        let time = clock.timeOfDay(at: transition.instant)
        append("\(time) --  \(transition.key) [\(edge.from) -> \(edge.to)] (\(edge.cause.rawValue))")
    }

    func turnEnded() {
        guard !lines.isEmpty else { return }
        do throws(Errno) {
            try output.write(lines)
        } catch {
            // The reader has gone away. The stack serves on.
        }
        lines.removeAll(keepingCapacity: true)
    }

    func stackClosed() {
        turnEnded()
    }

    private func append(_ line: String) {
        lines += line.utf8
        lines.append(UInt8(ascii: "\n"))
    }
}

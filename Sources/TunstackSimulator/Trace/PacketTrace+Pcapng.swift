import TunstackCore
import TunstackWire

extension PacketTrace {
    /// What was captured as a pcapng file, with a comment at each packet that was lost, damaged, or not used, or that
    /// changed a state.
    ///
    /// - Parameters:
    ///   - name: the name of the interface in the file.
    ///   - point: where the capture is taken.
    public func pcapng(name: String, capturedAt point: CapturePoint) -> [UInt8] {
        Self.pcapngHeader(name: name) + pcapngPackets(capturedAt: point)
    }

    /// What every file begins with: the section and its one interface.
    static func pcapngHeader(name: String) -> [UInt8] {
        PcapngWriter.sectionHeader(application: "tunstack") + PcapngWriter.interfaceDescription(name: name)
    }

    /// The packets alone, to follow a header.
    func pcapngPackets(capturedAt point: CapturePoint) -> [UInt8] {
        var file: [UInt8] = []
        let consequences = consequences()
        for (packet, time) in captured(at: point) {
            let remarks = remarks(on: packet) + (consequences[packet.number] ?? [])
            let nanoseconds = timeOfDay.microseconds * 1_000 + time.nanoseconds
            file += packet.bytes.withRawSpan { bytes in
                PcapngWriter.enhancedPacket(
                    bytes, atNanoseconds: UInt64(max(0, nanoseconds)), direction: direction(of: packet, at: point),
                    comment: remarks.isEmpty ? nil : remarks.joined(separator: "; "))
            }
        }
        return file
    }

    private func direction(of packet: SimulatedPacket, at point: CapturePoint) -> PcapngWriter.Direction? {
        guard case .node(let id) = point else { return nil }
        return packet.sender == id ? .outbound : .inbound
    }

    private func remarks(on packet: SimulatedPacket) -> [String] {
        var remarks: [String] = []
        if case .lost(let reason) = packet.fate { remarks.append(reason) }
        if packet.damagedBytes != nil { remarks.append("damaged on the way") }
        if packet.isMarked { remarks.append("congestion marked on the way") }
        return remarks
    }

    /// What each packet caused where it arrived: why it was dropped, and the state changes up to the next thing that
    /// happened there.
    private func consequences() -> [Int: [String]] {
        var consequences: [Int: [String]] = [:]
        var current: [NodeID: Int] = [:]
        for event in events {
            let node = event.node
            switch event.kind {
            case .received(let number, let dropped):
                current[node] = number
                if let dropped {
                    consequences[number, default: []].append("\(nodes[node.index].name) drops it: \(dropped.words)")
                }
            case .transition(let record):
                guard let number = current[node] else { continue }
                let edge = record.transition
                consequences[number, default: []].append("\(nodes[node.index].name): \(edge.from) to \(edge.to)")
            case .sent, .call, .told, .forgotEverything:
                current[node] = nil
            }
        }
        return consequences
    }
}

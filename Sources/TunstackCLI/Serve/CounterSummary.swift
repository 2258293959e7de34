import Tunstack

/// What a stack has done, in a few lines.
enum CounterSummary {
    static func lines(of counters: Counters, device: DeviceCounters) -> [String] {
        var lines = [
            """
            connections: accepted \(counters.passiveOpens), opened \(counters.activeOpens), \
            failed \(counters.failedOpens)
            """,
            "packets: received \(counters.packetsReceived), sent \(counters.packetsSent)",
            """
            segments: sent \(counters.segmentsSent), retransmitted \(counters.segmentsRetransmitted), \
            resets \(counters.resetsSent)
            """,
            """
            losses: recoveries \(counters.fastRetransmissions), probes \(counters.tailLossProbes), \
            timeouts \(counters.retransmissionTimeouts), undone \(counters.spuriousRecoveries)
            """,
            "dropped: \(counters.packetsDropped)" + reasons(of: counters),
            """
            device: read \(device.packetsRead) (\(device.superSegmentsRead) super-segments, \(device.bytesRead) bytes), \
            wrote \(device.packetsWritten) (\(device.superSegmentsWritten) super-segments, \(device.bytesWritten) bytes)
            """,
        ]
        if device.segmentationWasRefused {
            lines.append("the kernel refused a super-segment; the stack has cut them itself from then on")
        }
        if device.packetsMalformed > 0 { lines.append("unreadable at the device: \(device.packetsMalformed)") }
        if device.packetsLostToFullQueue + device.packetsRefused > 0 {
            lines.append(
                "lost at the device: queue full \(device.packetsLostToFullQueue), refused \(device.packetsRefused)")
        }
        return lines
    }

    private static func reasons(of counters: Counters) -> String {
        let reasons = DropReason.allCases.filter { counters[$0] > 0 }
            .map { "\(PacketLine.words(for: $0)) \(counters[$0])" }
        return reasons.isEmpty ? "" : " (" + reasons.joined(separator: ", ") + ")"
    }
}

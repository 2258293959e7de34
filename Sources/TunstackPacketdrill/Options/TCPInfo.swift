import Glibc
import TunstackCore

/// TCP_INFO: `struct tcp_info` of Linux 6, 280 bytes (`linux/tcp.h`). Times are milliseconds or, from `rto` on, microseconds.
extension Session {
    private static let infoLength = 280
    /// "Infinite" for thresholds.
    private static let infinite: UInt32 = 0x7fff_ffff

    func tcpInfo(of socket: Socket) -> [UInt8] {
        var info = OptionRecord(count: Self.infoLength)
        guard let id = socket.connection, let status = stack.status(id), let details = stack.details(of: id, at: now)
        else {
            info.put(UInt8(socket.isListening ? 10 : 7), at: 0)
            return info.bytes
        }
        putState(&info, status, details)
        putSegments(&info, status, details)
        putTimes(&info, status, details)
        putWindows(&info, status, details)
        putTotals(&info, socket, status, details)
        return info.bytes
    }

    private func putState(_ info: inout OptionRecord, _ status: ConnectionStatus, _ details: ConnectionDetails) {
        info.put(status.state.linuxNumber, at: 0)
        info.put(Self.congestionState(status, details), at: 1)
        info.put(UInt8(clamping: status.retransmissions), at: 2)
        info.put(UInt8(clamping: details.windowProbes), at: 3)
        info.put(UInt8(clamping: details.backOff), at: 4)
        var options: UInt8 = details.usesTimestamps ? 1 : 0
        if details.usesSelectiveAcknowledgment { options |= 2 }
        if details.usesWindowScaling { options |= 4 }
        if status.usesECN { options |= 8 }
        info.put(options, at: 5)
        info.put(details.sendWindowShift | details.receiveWindowShift << 4, at: 6)
    }

    /// Open, disorder, window being reduced, recovery, loss.
    private static func congestionState(_ status: ConnectionStatus, _ details: ConnectionDetails) -> UInt8 {
        switch status.recovery {
        case .open: details.receivedBeyondGap > 0 || details.duplicateAcknowledgments > 0 ? 1 : 0
        case .reducing: 2
        case .fastRecovery: 3
        case .afterTimeout: 4
        }
    }

    private func putSegments(_ info: inout OptionRecord, _ status: ConnectionStatus, _ details: ConnectionDetails) {
        info.put(UInt32(clamping: status.maximumSegmentSize), at: 16)
        info.put(UInt32(clamping: details.receiveSegmentSize), at: 20)
        info.put(UInt32(clamping: details.segmentsOutstanding), at: 24)
        info.put(UInt32(clamping: max(details.receivedBeyondGap, details.duplicateAcknowledgments)), at: 28)
        info.put(UInt32(clamping: details.lost), at: 32)
        info.put(UInt32(clamping: details.repairsInFlight), at: 36)
        info.put(UInt32(clamping: details.reordering), at: 88)
    }

    private func putTimes(_ info: inout OptionRecord, _ status: ConnectionStatus, _ details: ConnectionDetails) {
        func milliseconds(_ interval: Interval) -> UInt32 { UInt32(clamping: interval.nanoseconds / 1_000_000) }
        func microseconds(_ interval: Interval) -> UInt32 { UInt32(clamping: interval.nanoseconds / 1_000) }
        info.put(microseconds(status.retransmissionTimeout), at: 8)
        info.put(microseconds(details.delayedAcknowledgment), at: 12)
        info.put(milliseconds(details.sinceSent), at: 44)
        info.put(milliseconds(details.sinceTextReceived), at: 52)
        info.put(milliseconds(details.sinceReceived), at: 56)
        info.put(microseconds(status.smoothedRoundTrip), at: 68)
        info.put(microseconds(details.roundTripVariation), at: 72)
        info.put(status.minimumRoundTrip.map(microseconds) ?? UInt32.max, at: 148)
    }

    private func putWindows(_ info: inout OptionRecord, _ status: ConnectionStatus, _ details: ConnectionDetails) {
        let segment = max(1, status.maximumSegmentSize)
        info.put(UInt32(clamping: status.pathMTU), at: 60)
        info.put(UInt32(clamping: status.receiveWindow), at: 64)
        let threshold =
            status.slowStartThreshold == .max ? Self.infinite : UInt32(clamping: status.slowStartThreshold / segment)
        info.put(threshold, at: 76)
        info.put(UInt32(clamping: max(1, status.congestionWindow / segment)), at: 80)
        info.put(UInt32(clamping: details.announcedSegmentSize), at: 84)
        info.put(UInt32(clamping: status.receiveBufferLimit), at: 96)
        info.put(UInt64(clamping: status.pacingRate ?? .max), at: 104)
        info.put(UInt64.max, at: 112)
        info.put(UInt32(clamping: status.sendWindow), at: 228)
        info.put(UInt32(clamping: status.receiveWindow), at: 232)
    }

    private func putTotals(
        _ info: inout OptionRecord, _ socket: Socket, _ status: ConnectionStatus, _ details: ConnectionDetails
    ) {
        info.put(UInt32(clamping: details.totalRetransmissions), at: 100)
        info.put(UInt64(clamping: details.bytesAcknowledged), at: 120)
        info.put(UInt64(clamping: details.bytesReceived), at: 128)
        info.put(UInt32(clamping: status.queuedBytes), at: 144)
        var limits = socket.limits
        limits.change(to: .nothing, at: now)
        info.put(limits.busy.nanoseconds / 1_000, at: 168)
        info.put(limits.peerWindow.nanoseconds / 1_000, at: 176)
        info.put(limits.sendBuffer.nanoseconds / 1_000, at: 184)
        info.put(UInt32(clamping: details.reorderingsSeen), at: 220)
    }
}

extension State {
    /// Linux's number for the state (`TCP_ESTABLISHED` and so on).
    var linuxNumber: UInt8 {
        switch self {
        case .established: 1
        case .synSent: 2
        case .synReceived: 3
        case .finWait1: 4
        case .finWait2: 5
        case .timeWait: 6
        case .closed: 7
        case .closeWait: 8
        case .lastAck: 9
        case .listen: 10
        case .closing: 11
        }
    }
}

import TestSupport
import Testing
import TunstackCore
import TunstackWire

@Suite("Every reason for a drop has a packet that meets it, and a counter")
struct DropReasonTests {
    private static let stamp = TCPOptions(timestamps: TCPTimestamps(value: 100, echoReply: 0))
    private static let local = SegmentScript.localAddress
    private static let peer = SegmentScript.peerAddress

    private static func syn(change: (inout IPv4Header) -> Void) -> [UInt8] {
        Packets.ip(.tcp, from: peer, to: local, payload: [UInt8](repeating: 0, count: 20), change: change)
    }

    /// A script whose last packet was dropped for this reason.
    private static func script(_ reason: DropReason) throws -> SegmentScript {
        switch reason {
        case .malformedIP, .badIPChecksum, .unsupportedIPVersion, .fragment, .notForUs, .invalidSource, .notUnicast,
            .sourceRoute, .unsupportedProtocol, .malformedICMP, .ignoredICMP, .unmatchedICMP, .malformedTCP,
            .badTCPChecksum:
            beforeTCP(reason)
        case .resetWithoutConnection, .closedPort, .noSynToListener, .synQueueFull, .acceptQueueFull,
            .connectionTableFull, .quietTime, .unexpectedInSynSent, .replyQueueFull:
            beforeTheConnection(reason)
        case .outsideWindow, .pawsRejected, .missingTimestamp, .challengedReset, .challengedSyn, .resetInTimeWait,
            .noAcknowledgment, .unacceptableAcknowledgment, .noBuffer, .dataAfterRelease:
            onTheConnection(reason)
        }
    }

    private static func beforeTCP(_ reason: DropReason) -> SegmentScript {
        let script = SegmentScript(listening: 9877)
        switch reason {
        case .malformedIP: script.inject([0x45])
        case .badIPChecksum: script.inject(syn { _ in }.enumerated().map { $0 == 10 ? ~$1 : $1 })
        case .unsupportedIPVersion: script.inject([0x60])
        case .fragment: script.inject(syn { $0.moreFragments = true })
        case .notForUs: script.inject(syn { $0.destination = IPv4Address(10, 77, 0, 9) })
        case .invalidSource: script.inject(syn { $0.source = .broadcast })
        case .notUnicast: script.inject(syn { $0.destination = .broadcast })
        case .sourceRoute: script.inject(Packets.routed(syn { _ in }, option: [131, 7, 8, 10, 77, 0, 5]))
        case .unsupportedProtocol: script.inject(syn { $0.protocolNumber = .udp })
        case .malformedICMP: script.inject(syn { $0.protocolNumber = .icmp }.enumerated().map { $0 == 20 ? 9 : $1 })
        case .ignoredICMP: script.icmp(.sourceQuench)
        case .unmatchedICMP: script.icmp(.timeExceeded(code: 0), quoting: 1)
        case .malformedTCP: script.inject(syn { _ in })
        default: script.inject(syn { _ in }.enumerated().map { $0 == 32 ? 0x50 : $1 })
        }
        return script
    }

    private static func beforeTheConnection(_ reason: DropReason) -> SegmentScript {
        var options = ListenerOptions()
        switch reason {
        case .resetWithoutConnection:
            let script = SegmentScript()
            script.peer(.rst)
            return script
        case .closedPort, .replyQueueFull:
            let script = SegmentScript { $0.limits.queuedReplies = reason == .closedPort ? 1 : 0 }
            script.peer(.syn)
            return script
        case .noSynToListener:
            let script = SegmentScript(listening: 9877)
            script.peer(.ack)
            return script
        case .synQueueFull: options.synBacklog = 0
        case .acceptQueueFull: options.backlog = 0
        case .unexpectedInSynSent:
            let script = SegmentScript.inState(.synSent)
            script.peer(.rst)
            return script
        default: break
        }
        let script = SegmentScript(listening: 9877, listenerOptions: options) {
            if reason == .connectionTableFull { $0.limits.connections = 0 }
            $0.keepsQuietTime = reason == .quietTime
        }
        script.peer(.syn)
        return script
    }

    private static func onTheConnection(_ reason: DropReason) -> SegmentScript {
        let script =
            reason == .resetInTimeWait
            ? SegmentScript.inState(.timeWait)
            : SegmentScript.established(options: .plain { $0.timestamps = true }, peerOptions: stamp) {
                $0.limits.reassemblyRanges = reason == .noBuffer ? 0 : 64
            }
        switch reason {
        case .outsideWindow: script.peer(.ack, seq: 1, options: stamp)
        case .pawsRejected: script.peer(.ack, options: TCPOptions(timestamps: TCPTimestamps(value: 99, echoReply: 0)))
        case .missingTimestamp: script.peer(.ack)
        case .challengedReset: script.peer(.rst, seq: 1_002)
        case .challengedSyn: script.peer(.syn, seq: 1_002, options: stamp)
        case .resetInTimeWait: script.peer(.rst)
        case .noAcknowledgment: script.peer([], options: stamp)
        case .unacceptableAcknowledgment: script.peer(.ack, ack: 9_000, options: stamp)
        case .noBuffer: script.peer(.ack, seq: 1_010, length: 5, options: stamp)
        default:
            script.release()
            script.peer(.ack, length: 5, options: stamp)
        }
        return script
    }

    @Test("each reason is met and counted", arguments: DropReason.allCases)
    func reason(_ reason: DropReason) throws {
        let script = try Self.script(reason)
        // The one reason that concerns our answer and not the packet.
        script.expectDrop(reason == .replyQueueFull ? .closedPort : reason)
        #expect(script.stack.counters[reason] == 1)
        #expect(script.stack.counters.packetsDropped == (reason == .replyQueueFull ? 2 : 1))
        script.takeAllSent()
    }
}

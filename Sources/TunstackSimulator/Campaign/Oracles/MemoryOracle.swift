import TunstackCore

/// Buffers keep to their limits, and nothing is left of connections that are over.
struct MemoryOracle: Oracle {
    let name = "memory"

    mutating func judge(_ socket: ObservedSocket, _ verdicts: inout Verdicts) {
        let options = socket.plan.options
        // Windows are announced in units of the scale, rounded up.
        let rounding = (1 << (socket.end?.ownShift ?? 0)) - 1
        let status = socket.status
        let mostReceived = max(options.receiveBufferBytes, options.maximumReceiveBufferBytes)
        let mostSent = max(options.sendBufferBytes, options.maximumSendBufferBytes)
        let kept = [
            ("receive", status.readableBytes, status.receiveBufferLimit + rounding),
            ("send", status.unacknowledgedBytes, status.sendBufferLimit),
        ]
        for (buffer, limit, cap) in [
            ("receive", status.receiveBufferLimit, mostReceived), ("send", status.sendBufferLimit, mostSent),
        ] where limit > cap {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "the \(buffer) buffer has grown to \(limit) bytes, it may grow to \(cap)")
        }
        // What one that is over keeps was judged when it came; its place on the wire may be another's by now.
        for (buffer, bytes, limit) in kept where bytes > limit && status.state != .closed {
            verdicts.find(
                self, socket.socket.host.id, at: socket.time,
                "the \(buffer) buffer holds \(bytes) bytes, its limit is \(limit)")
        }
    }

    mutating func finish(_ run: FinishedRun, _ verdicts: inout Verdicts) {
        for host in run.hosts where host.isPoweredOn {
            if host.stack.bufferBytesInUse > 0 {
                verdicts.find(
                    self, host.id, at: run.time, "\(host.stack.bufferBytesInUse) bytes of buffers are still in use")
            }
            var left: [State] = []
            host.stack.forEachConnection { if $0.state != .listen { left.append($0.state) } }
            if !left.isEmpty {
                verdicts.find(self, host.id, at: run.time, "the stack still keeps connections: \(left)")
            }
            let counters = host.stack.counters
            if counters.transitionsLost > 0 || counters.sendsWithoutMemory > 0 || counters[.replyQueueFull] > 0 {
                verdicts.find(self, host.id, at: run.time, "a queue was full, or memory lacking")
            }
        }
    }
}

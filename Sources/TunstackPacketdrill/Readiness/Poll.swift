import Glibc
import TunstackCore

/// The bits of poll(2) and epoll(7), which are the same.
enum Poll {
    static let input: UInt32 = 0x001
    static let priority: UInt32 = 0x002
    static let output: UInt32 = 0x004
    static let error: UInt32 = 0x008
    static let hangUp: UInt32 = 0x010
    static let invalid: UInt32 = 0x020
    static let readNormal: UInt32 = 0x040
    static let writeNormal: UInt32 = 0x100
    static let peerClosed: UInt32 = 0x2000
    static let exclusive: UInt32 = 1 << 28
    static let oneShot: UInt32 = 1 << 30
    static let edge: UInt32 = 1 << 31
    /// Told whether asked for or not.
    static let always = error | hangUp
}

extension Session {
    /// What can be done with a socket now.
    func readiness(of socket: Socket) -> UInt32 {
        switch socket.stage {
        case .fresh: Poll.output | Poll.writeNormal | Poll.hangUp
        case .listening(let id): stack.hasConnection(waitingAt: id) ? Poll.input | Poll.readNormal : 0
        case .connection(let id): readiness(of: socket, id)
        }
    }

    private func readiness(of socket: Socket, _ id: ConnectionID) -> UInt32 {
        var mask: UInt32 = socket.pendingError != 0 ? Poll.error : 0
        guard let status = stack.status(id) else { return mask | Poll.hangUp | Poll.input }
        let isOver = status.closeReason != nil && status.state != .timeWait
        let isReadOver = socket.isReadShut || status.state.hasReceivedFin || status.closeReason != nil
        let isWriteOver = socket.isWriteShut || status.closeReason != nil
        if isOver || isReadOver && isWriteOver { mask |= Poll.hangUp }
        if isReadOver { mask |= Poll.input | Poll.readNormal | Poll.peerClosed }
        guard !socket.isConnecting else { return mask }
        if status.readableBytes >= max(1, socket.settings.receiveLowWater) { mask |= Poll.input | Poll.readNormal }
        if status.urgentBytes > 0 { mask |= Poll.priority }
        if isWriteOver || socket.isWritable(status) {
            mask |= Poll.output | Poll.writeNormal
        } else {
            socket.lacksSpace = true
        }
        return mask
    }

    /// poll(2) over an array of eight-byte entries: descriptor, events asked for, events told.
    func poll(_ entries: UnsafeMutableRawPointer?, count: Int, timeout: Int32) throws(Errno) -> Int32 {
        if unsafe entries == nil, count > 0 { throw Errno(EFAULT) }
        let deadline = timeout < 0 ? nil : now + .milliseconds(Int64(timeout))
        let answer = try wait(until: deadline) { [unowned self] () throws(Errno) -> Int32? in
            var ready: Int32 = 0
            for index in 0..<count {
                guard let entry = unsafe entries.map({ unsafe $0 + index * 8 }) else { continue }
                let told = unsafe examine(entry.load(as: Int32.self), entry.load(fromByteOffset: 4, as: UInt16.self))
                unsafe entry.storeBytes(of: told, toByteOffset: 6, as: UInt16.self)
                if told != 0 { ready += 1 }
            }
            return ready > 0 ? ready : nil
        }
        return answer ?? 0
    }

    private func examine(_ descriptor: Int32, _ asked: UInt16) -> UInt16 {
        guard descriptor >= 0 else { return 0 }
        guard let socket = sockets[descriptor] else { return UInt16(Poll.invalid) }
        return UInt16(truncatingIfNeeded: readiness(of: socket) & (UInt32(asked) | Poll.always))
    }

    /// Room has come back on sockets where somebody was told that there is none.
    func noteRoom() {
        for socket in sockets.values where socket.lacksSpace {
            guard let id = socket.connection, let status = stack.status(id), socket.isWritable(status) else { continue }
            socket.lacksSpace = false
            socket.wake(Poll.output)
        }
    }
}

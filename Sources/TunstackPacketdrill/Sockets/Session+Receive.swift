import Glibc
import TunstackCore

/// read(2) and its kin.
extension Session {
    /// Moves what has arrived to the program.
    func receive(_ descriptor: Int32, into memory: UserMemory, flags: Int32 = 0) throws(Errno) -> Int {
        let socket = try find(descriptor)
        guard let id = socket.connection else { throw Errno(ENOTCONN) }
        let mayBlock = flags & MessageFlag.doNotWait == 0 && !socket.isNonBlocking
        let deadline = mayBlock ? socket.receiveDeadline(at: now) : now
        if flags & MessageFlag.outOfBand != 0 { throw Errno(EINVAL) }
        let wanted =
            flags & MessageFlag.waitAll != 0 ? memory.count : min(memory.count, socket.settings.receiveLowWater)
        let keeps = flags & MessageFlag.peek != 0
        var got = 0
        let answer = try wait(until: deadline) { [unowned self] () throws(Errno) -> Int? in
            // What has been moved already is told, whatever comes after it.
            do throws(Errno) {
                let isOver = try move(id, socket, memory, from: &got, keeps: keeps)
                return isOver || got >= wanted ? got : nil
            } catch {
                guard got == 0 else { return got }
                throw error
            }
        }
        settle()
        if let answer { return answer }
        guard got == 0 else { return got }
        throw Errno(EAGAIN)
    }

    /// Moves what there is; true when no more will come.
    private func move(
        _ id: ConnectionID, _ socket: Socket, _ memory: UserMemory, from offset: inout Int, keeps: Bool
    ) throws(Errno) -> Bool {
        let waiting = (stack.status(id)?.readableBytes ?? 0)
        if waiting > 0 {
            guard memory.count > 0 else { return true }
            guard !memory.isBad else { throw Errno(EFAULT) }
            let instant = now
            var isOver = keeps
            offset += try memory.fill(from: offset) { output throws(Errno) in
                do throws(ConnectionError) {
                    if keeps {
                        try stack.peek(into: &output, on: id)
                    } else if try stack.receive(into: &output, on: id, at: instant) == .endOfStream {
                        isOver = true
                    }
                } catch {
                    isOver = true
                }
            }
            return isOver || hasEnded(id, socket)
        }
        if let error = socket.takeError() { throw error }
        if socket.isConnecting { return false }
        return hasEnded(id, socket)
    }

    /// Nothing more can arrive.
    private func hasEnded(_ id: ConnectionID, _ socket: Socket) -> Bool {
        guard let status = stack.status(id) else { return true }
        return (socket.isReadShut || status.state.hasReceivedFin || status.closeReason != nil)
            && status.readableBytes == 0
    }

    /// SIOCINQ: bytes that can be read. TCP_CM_INQ counts the end of the stream as one more.
    func queuedInput(_ socket: Socket, countsEnd: Bool = false) -> Int {
        guard let id = socket.connection, let status = stack.status(id) else { return 0 }
        let hasEnd = countsEnd && status.state.hasReceivedFin
        return status.readableBytes + (hasEnd ? 1 : 0)
    }
}

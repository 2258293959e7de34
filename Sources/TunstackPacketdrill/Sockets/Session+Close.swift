import Glibc
import TunstackCore

/// shutdown(2) and close(2).
extension Session {
    func shutDown(_ descriptor: Int32, how: Int32) throws(Errno) {
        let socket = try find(descriptor)
        guard (Int32(SHUT_RD)...Int32(SHUT_RDWR)).contains(how) else { throw Errno(EINVAL) }
        if case .listening(let id) = socket.stage {
            if how != Int32(SHUT_WR) { stopListening(socket, id) }
            return
        }
        guard let id = socket.connection, let status = stack.status(id), status.closeReason == nil else {
            throw Errno(ENOTCONN)
        }
        if how != Int32(SHUT_WR) { socket.isReadShut = true }
        if how != Int32(SHUT_RD), !socket.isWriteShut {
            socket.isWriteShut = true
            // One that has closed already has nothing to close.
            do throws(ConnectionError) { try stack.close(id, at: now) } catch { socket.isWriteShut = true }
        }
        socket.wake(Poll.input | Poll.output | Poll.peerClosed | Poll.hangUp)
        settle()
    }

    func close(_ descriptor: Int32) throws(Errno) {
        if let set = pollSets.removeValue(forKey: descriptor) {
            set.forgetAll()
        } else if let socket = sockets.removeValue(forKey: descriptor) {
            for watch in socket.watchers { watch.owner?.forget(watch) }
            try letGo(socket)
        }
        guard Glibc.close(descriptor) == 0 else { throw Errno(errno) }
    }

    private func letGo(_ socket: Socket) throws(Errno) {
        switch socket.stage {
        case .fresh: break
        case .listening(let id): stopListening(socket, id)
        case .connection(let id):
            connectedSockets[id] = nil
            if let linger = socket.settings.linger {
                try close(id, lingering: linger, isNonBlocking: socket.isNonBlocking)
            } else {
                stack.release(id, at: now)
            }
        }
        settle()
    }

    /// SO_LINGER: with no time at all the connection is aborted; otherwise the call waits for the peer to have everything.
    private func close(_ id: ConnectionID, lingering seconds: Int, isNonBlocking: Bool) throws(Errno) {
        guard seconds > 0 else {
            stack.abort(id, at: now)
            stack.release(id, at: now)
            return
        }
        stack.release(id, at: now)
        settle()
        guard !isNonBlocking else { return }
        _ = try wait(until: now + .seconds(Int64(seconds))) { [unowned self] () throws(Errno) -> Bool? in
            guard let status = stack.status(id) else { return true }
            return status.state == .finWait1 || status.state == .closing || status.state == .lastAck ? nil : true
        }
    }

    private func stopListening(_ socket: Socket, _ id: ListenerID) {
        listeningSockets[id] = nil
        stack.closeListener(id, at: now)
        socket.stage = .fresh
    }
}

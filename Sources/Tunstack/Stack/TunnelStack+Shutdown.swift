public import TunstackCore
import TunstackLinux

/// The end of a stack.
extension TunnelStack {
    /// Shuts the stack down in order: listeners are closed, then every connection, as by ``TCPConnection/shutdownWrite()``.
    /// Connections whose peers have not closed in return when the grace period ends are aborted. Then the device is
    /// closed, and an interface that the stack made is gone.
    ///
    /// Tasks may go on to read what peers send in the grace period; writes fail from now on.
    ///
    /// - Parameter gracePeriod: How long to wait for the peers. TIME-WAIT is not waited for.
    public func shutdown(gracePeriod: Interval = .seconds(1)) async {
        if phase == .running {
            phase = .closing(deadline: clock.now() + gracePeriod)
            for id in listenerWaiters.ids { stopListening(id) }
            for id in connectionWaiters.ids { closeQuietly(id) }
            settle()
        }
        await closed()
    }

    /// Suspends until the stack is closed, by ``shutdown(gracePeriod:)`` or because its device failed.
    ///
    /// - Returns: How the device failed; nil if it did not.
    @discardableResult
    public func closed() async -> TunnelError? {
        await withCheckedContinuation { continuation in
            if isClosed {
                continuation.resume()
            } else {
                closeWaiters.append(continuation)
            }
        }
        guard case .closed(let failure) = phase else { preconditionFailure("nobody is resumed before the end") }
        return failure
    }

    /// Whether the device is closed.
    var isClosed: Bool {
        if case .closed = phase { return true }
        return false
    }

    /// Closes our direction, if that is still to be done.
    private func closeQuietly(_ id: ConnectionID) {
        do throws(ConnectionError) {
            try driver.core.close(id, at: clock.now())
        } catch {
            // Closed before, or ended: just what is wanted.
            return
        }
    }

    /// Whether a peer may still have something to say, other than to a TIME-WAIT record.
    var hasOpenConnections: Bool {
        var found = false
        driver.core.forEachConnection { connection in
            switch connection.state {
            case .closed, .listen, .timeWait: break
            case .synSent, .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck:
                found = true
            }
        }
        return found
    }

    /// Aborts what is left, closes the device, and tells everyone who waits.
    func finish(because failure: TunnelError?) {
        guard !isClosed else { return }
        for id in listenerWaiters.ids { stopListening(id) }
        let now = clock.now()
        // Those that the application has let go of, too.
        driver.core.abortAll(at: now)
        phase = .closed(failure)
        if failure == nil {
            // The last resets. If the device fails now, so be it: it is closed in any case.
            do throws(TunError) {
                while try !driver.transmitPackets(at: now) {}
            } catch {
                phase = .closed(.device(error))
            }
        }
        driver.endTurn()
        loop.cancel()
        driver.closeDevice()
        for id in connectionWaiters.ids { connectionWaiters[id]?.wake(on: .closed) }
        for waiter in closeWaiters { waiter.resume() }
        closeWaiters = []
    }
}

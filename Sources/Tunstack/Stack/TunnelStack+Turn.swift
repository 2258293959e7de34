import TunstackCore
import TunstackLinux

/// The turns of the stack: what wakes it up, and what it does before it sleeps again.
extension TunnelStack {
    /// Packets wait at the device.
    func readable() {
        guard !isClosed else { return }
        do throws(TunError) {
            let reading = try driver.receivePackets(at: clock.now())
            guard reading == .paused else {
                finish(because: .endOfStream)
                return
            }
        } catch {
            finish(because: .device(error))
            return
        }
        settle()
    }

    /// Something in the core is due, or the grace period of a shutdown is over.
    func deadlineReached() {
        guard !isClosed else { return }
        driver.core.advance(to: clock.now())
        settle()
    }

    /// Ends a turn: everything that follows from what the core was told.
    func settle() {
        guard transmit() else { return }
        while let event = driver.core.nextEvent() {
            handle(event)
        }
        driver.endTurn()
        if case .closing(let deadline) = phase {
            if !hasOpenConnections || clock.now() >= deadline {
                finish(because: nil)
                return
            }
            loop.setDeadline(min(driver.core.nextDeadline ?? deadline, deadline))
        } else {
            loop.setDeadline(driver.core.nextDeadline)
        }
    }

    /// Whether the device still lives after it was given what there was to send, or a part of it.
    private func transmit() -> Bool {
        do throws(TunError) {
            if try !driver.transmitPackets(at: clock.now()), !hasTurnAhead {
                // Behind what waits on the executor already: packets that arrived, and tasks.
                hasTurnAhead = true
                Task(executorPreference: executor) { await self.takeTurn() }
            }
            return true
        } catch {
            finish(because: .device(error))
            return false
        }
    }

    private func takeTurn() {
        hasTurnAhead = false
        guard !isClosed else { return }
        settle()
    }

    private func handle(_ event: StackEvent) {
        switch event {
        case .acceptable(let id): listenerWaiters[id]?.wakeOne()
        case .connection(let id, let events): connectionWaiters[id]?.wake(on: events)
        }
    }
}

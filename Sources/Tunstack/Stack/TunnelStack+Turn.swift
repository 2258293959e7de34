import TunstackCore
import TunstackLinux

/// The turns of the stack: what wakes it up, and what it does before it sleeps again.
///
/// Packets, deadlines and calls change the core, and ask for a turn. It comes behind the tasks that they have woken, so that what
/// those read and write is in it: one flush for a batch of packets and all that follows from it, and an acknowledgment that goes
/// with the answer.
extension TunnelStack {
    /// Packets wait at the device.
    func readable() {
        guard !isClosed else { return }
        // What was handed over came before what is read now.
        if let mailbox = driver.membership?.mailbox, mailbox.hasMail { mailArrived() }
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
        wakeTasks()
        settle()
    }

    /// Other stacks of the group have handed packets over.
    func mailArrived() {
        guard !isClosed, let mailbox = driver.membership?.mailbox else { return }
        let now = clock.now()
        for letter in mailbox.takeAll() {
            letter.packet.withRawSpan { packet in
                _ = driver.core.receive(packet, checksum: letter.checksum, at: now)
            }
        }
        wakeTasks()
        settle()
    }

    /// Something in the core is due, or the grace period of a shutdown is over.
    func deadlineReached() {
        guard !isClosed else { return }
        driver.core.advance(to: clock.now())
        wakeTasks()
        settle()
    }

    /// The core was told something: what follows from that is done in a turn, soon.
    func settle() {
        loop.requestTurn()
    }

    /// Everything that follows from what the core was told.
    func takeTurn() {
        guard !isClosed, transmit() else { return }
        wakeTasks()
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
            // The rest is sent behind what waits on the executor already: packets that arrived, and tasks.
            if try !driver.transmitPackets(at: clock.now()) { settle() }
            return true
        } catch {
            finish(because: .device(error))
            return false
        }
    }

    private func wakeTasks() {
        while let event = driver.core.nextEvent() {
            switch event {
            case .acceptable(let id): listenerWaiters[id]?.wakeOne()
            case .connection(let id, let events): connectionWaiters[id]?.wake(on: events)
            }
        }
    }
}

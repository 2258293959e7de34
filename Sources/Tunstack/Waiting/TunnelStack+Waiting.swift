import TunstackCore

/// Suspending a task until the core has news for it.
///
/// What is decided when a task is suspended is decided there and then: at every `await` before and after it other work
/// may come between, even where the language does not leave the actor.
extension TunnelStack {
    /// Suspends the task until an event concerns its role on the connection, or the connection was let go of.
    ///
    /// The task must hold the place.
    func wait(as role: ConnectionWaiters.Role, on id: ConnectionID) async -> Wake {
        let ticket = nextTicket()
        return await withTaskCancellationHandler {
            await SleepingTask.suspend { task in
                if Task.isCancelled {
                    task.wake(for: .cancelled)
                } else if !connectionWaiters.contains(id) {
                    task.wake(for: .ready)
                } else {
                    connectionWaiters[id]?[role].wait(ticket: ticket, task)
                }
            }
        } onCancel: {
            Task(executorPreference: executor) { await self.cancelWait(ticket, as: role, on: id) }
        }
    }

    private func cancelWait(_ ticket: UInt64, as role: ConnectionWaiters.Role, on id: ConnectionID) {
        connectionWaiters[id]?[role].cancel(ticket: ticket)
    }

    /// Suspends the task until a listener may have a connection for it, or was closed.
    func waitToAccept(from id: ListenerID) async -> Wake {
        let ticket = nextTicket()
        return await withTaskCancellationHandler {
            await SleepingTask.suspend { task in
                if Task.isCancelled {
                    task.wake(for: .cancelled)
                } else if !listenerWaiters.contains(id) {
                    task.wake(for: .ready)
                } else {
                    listenerWaiters[id]?.wait(ticket: ticket, task)
                }
            }
        } onCancel: {
            Task(executorPreference: executor) { await self.cancelWait(ticket, at: id) }
        }
    }

    private func cancelWait(_ ticket: UInt64, at id: ListenerID) {
        listenerWaiters[id]?.cancel(ticket: ticket)
    }
}

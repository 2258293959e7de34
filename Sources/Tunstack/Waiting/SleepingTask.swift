/// A suspended task, to be woken once.
///
/// The continuation behind it is one that nobody checks: a checked one allocates and takes a lock, at each wait of each connection.
/// It is resumed exactly once. Not twice: a sleeping task lies in one ``WaitingPlace`` or one ``ListenerWaiters``, which forget it in
/// the step in which they wake it. And not never: who takes these away wakes everyone in them first, and the stack that has them lives
/// while a task sleeps, since that task is in the middle of a call to it.
@safe struct SleepingTask {
    private let continuation: UnsafeContinuation<Wake, Never>

    private init(_ continuation: UnsafeContinuation<Wake, Never>) {
        unsafe self.continuation = continuation
    }

    /// Suspends the calling task until it is woken.
    ///
    /// - Parameter keep: Gets the task, and keeps it or wakes it at once.
    /// - Returns: What it was woken for.
    static func suspend(
        isolation: isolated (any Actor)? = #isolation, _ keep: (SleepingTask) -> Void
    ) async -> Wake {
        unsafe await withUnsafeContinuation(isolation: isolation) { unsafe keep(SleepingTask($0)) }
    }

    /// Lets the task go on, some time after this call.
    func wake(for reason: Wake) {
        unsafe continuation.resume(returning: reason)
    }
}

import Glibc

@testable import TunstackPacketdrill

/// A second thread that makes one call.
@safe final class Caller: @unchecked Sendable {
    private let body: () -> Int
    private var thread = pthread_t()
    private var result = 0
    private var code: Int32 = 0
    private var time: Int64 = 0
    private let drill: Drill

    /// Starts the call and waits until it sleeps in the plug-in.
    init(_ drill: Drill, _ body: @escaping () -> Int) {
        self.drill = drill
        self.body = body
        let box = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Caller>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box)
        while drill.session.monitor.locked({ drill.session.waiters.isEmpty }) { sched_yield() }
    }

    private func run() {
        result = body()
        code = errno
        time = drill.clock()
    }

    /// What the call returned, `errno`, and the time that the thread saw right after it.
    func answer() -> (result: Int, code: Int32, time: Int64) {
        pthread_join(thread, nil)
        return (result, code, time)
    }
}

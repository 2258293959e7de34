import Dispatch
import Testing
import TunstackLinux

@Suite("DispatchQueueExecutor", .timeLimit(.minutes(1)))
struct DispatchQueueExecutorTests {
    private actor Counter {
        nonisolated let executor: DispatchQueueExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
        private(set) var count = 0

        init(on executor: DispatchQueueExecutor) {
            self.executor = executor
        }

        func increment() -> Int {
            executor.checkIsolated()
            count += 1
            return count
        }
    }

    private let executor = DispatchQueueExecutor(label: "executor under test")

    @Test("an actor's methods run on the queue, one after the other")
    func actorRunsOnQueue() async {
        let counter = Counter(on: executor)
        await withTaskGroup { group in
            for _ in 0..<100 {
                group.addTask { await counter.increment() }
            }
            let results = await group.reduce(into: Set<Int>()) { $0.insert($1) }
            #expect(results == Set(1...100))
        }
    }

    @Test("a block on the queue is isolated to the executor's actors")
    func blockMayAssumeIsolation() async {
        let counter = Counter(on: executor)
        let count = await withCheckedContinuation { continuation in
            executor.queue.async {
                continuation.resume(returning: counter.assumeIsolated { $0.increment() })
            }
        }
        #expect(count == 1)
    }

    @Test("two actors on one executor reach each other without a hop")
    func sharedExecutor() async {
        let first = Counter(on: executor)
        let second = Counter(on: executor)
        let count = await withCheckedContinuation { continuation in
            executor.queue.async {
                let sum = first.assumeIsolated { outer in outer.increment() + second.assumeIsolated { $0.increment() } }
                continuation.resume(returning: sum)
            }
        }
        #expect(count == 2)
    }

    @Test("a task that prefers the executor runs on the queue")
    func taskPreference() async {
        let executor = executor
        let isOnQueue = await Task(executorPreference: executor) { executor.isIsolatingCurrentContext() }.value
        #expect(isOnQueue == true)
    }

    @Test("elsewhere nothing is isolated, on another executor's queue neither")
    func isolationElsewhere() async {
        #expect(executor.isIsolatingCurrentContext() == false)
        let other = DispatchQueueExecutor(label: "another executor")
        let executor = executor
        let isOnQueue = await Task(executorPreference: other) { executor.isIsolatingCurrentContext() }.value
        #expect(isOnQueue == false)
    }

    @Test("checking isolation off the queue ends the program")
    func checkTraps() async {
        await #expect(processExitsWith: .failure) {
            DispatchQueueExecutor(label: "executor under test").checkIsolated()
        }
    }
}

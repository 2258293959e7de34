import Testing
import TunstackLinux

@Suite("EpollExecutor", .timeLimit(.minutes(1)))
struct EpollExecutorTests {
    private actor Counter {
        nonisolated let executor: EpollExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
        private(set) var count = 0

        init(on executor: EpollExecutor) {
            self.executor = executor
        }

        func increment() -> Int {
            executor.checkIsolated()
            count += 1
            return count
        }
    }

    @Test("an actor's methods run on the thread, one after the other, whoever calls them")
    func actorRunsOnThread() async throws {
        let counter = Counter(on: try EpollExecutor(label: "under test"))
        await withTaskGroup { group in
            for _ in 0..<1_000 {
                group.addTask { await counter.increment() }
            }
            let results = await group.reduce(into: Set<Int>()) { $0.insert($1) }
            #expect(results == Set(1...1_000))
        }
    }

    @Test("a task that prefers the executor runs on the thread, and stays there when it calls the executor's actors")
    func taskPreference() async throws {
        let executor = try EpollExecutor(label: "under test")
        let counter = Counter(on: executor)
        let wasOnThread = await Task(executorPreference: executor) {
            let before = executor.isIsolatingCurrentContext() == true
            for _ in 0..<100 { _ = await counter.increment() }
            return before && executor.isIsolatingCurrentContext() == true
        }.value
        #expect(wasOnThread)
        #expect(await counter.count == 100)
    }

    @Test("elsewhere nothing is isolated, on another executor's thread neither")
    func isolationElsewhere() async throws {
        let executor = try EpollExecutor(label: "under test")
        #expect(executor.isIsolatingCurrentContext() == false)
        let other = try EpollExecutor(label: "another")
        let isOnThread = await Task(executorPreference: other) { executor.isIsolatingCurrentContext() }.value
        #expect(isOnThread == false)
    }

    @Test("work that was put there before the last reference went is still done")
    func lastReference() async throws {
        for _ in 0..<100 {
            let done = await withCheckedContinuation { continuation in
                do {
                    let executor = try EpollExecutor(label: "under test")
                    Task(executorPreference: executor) { continuation.resume(returning: true) }
                } catch {
                    continuation.resume(returning: false)
                }
            }
            #expect(done)
        }
    }

    @Test("checking isolation off the thread ends the program")
    func checkTraps() async {
        await #expect(processExitsWith: .failure) {
            try EpollExecutor(label: "under test").checkIsolated()
        }
    }
}

import Glibc
import TunstackCore
import TunstackLinux

/// Owns a device and a loop as the real driver does: an actor on the loop's executor.
actor LoopOwner {
    enum Event: Equatable, Sendable {
        case packet([UInt8])
        case endOfStream
        case failed(TunError)
        case deadline
        case turn
        case closed
    }

    /// Which loop it owns.
    enum Kind: CaseIterable, Sendable {
        case dispatch
        case epoll
        /// The same, looking again for a while before it sleeps.
        case epollBusy
    }

    nonisolated let executor: any SerialExecutor & TaskExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Everything that the loop told, in its order; ends after `closed`.
    nonisolated let events: AsyncStream<Event>

    private let sink: AsyncStream<Event>.Continuation
    private let device: TunDevice
    private let loop: any EventLoop
    private let packetsPerTurn: Int

    init(_ kind: Kind, device: consuming TunDevice, packetsPerTurn: Int = .max) throws {
        loop =
            switch kind {
            case .dispatch: try DispatchEventLoop(watching: device, on: DispatchQueueExecutor(label: "loop owner"))
            case .epoll: EpollEventLoop(watching: device, on: try EpollExecutor(label: "loop owner"))
            case .epollBusy:
                EpollEventLoop(
                    watching: device, on: try EpollExecutor(label: "loop owner", busyPoll: .microseconds(100)))
            }
        executor = loop.executor
        self.device = device
        self.packetsPerTurn = packetsPerTurn
        (events, sink) = AsyncStream.makeStream(of: Event.self)
    }

    func start() throws {
        let sink = sink
        try loop.activate(
            EventLoopHandlers(
                readable: { [weak self] in self?.assumeIsolated { $0.readable() } },
                deadlineReached: { [weak self] in self?.assumeIsolated { $0.deadlineReached() } },
                turn: { sink.yield(.turn) },
                closed: {
                    sink.yield(.closed)
                    sink.finish()
                }))
    }

    /// Sets one deadline after the other, without a pause in which the loop could act.
    func setDeadlines(_ deadlines: Instant?...) {
        for deadline in deadlines {
            loop.setDeadline(deadline)
        }
    }

    /// Asks for turns, without a pause in which the loop could act.
    func requestTurns(_ count: Int) {
        for _ in 0..<count {
            loop.requestTurn()
        }
    }

    func cancel() {
        loop.cancel()
    }

    private func deadlineReached() {
        sink.yield(.deadline)
    }

    private func readable() {
        do {
            try readPackets()
        } catch {
            sink.yield(.failed(error))
            loop.cancel()
        }
    }

    private func readPackets() throws(TunError) {
        for _ in 0..<packetsPerTurn {
            switch try device.readBytes() {
            case .packet(let bytes): sink.yield(.packet(bytes))
            case .wouldBlock, .malformed: return
            case .endOfStream:
                sink.yield(.endOfStream)
                loop.cancel()
                return
            }
        }
    }
}

extension AsyncStream where Element: Sendable {
    /// Everything until the end.
    func collect() async -> [Element] {
        var elements: [Element] = []
        for await element in self {
            elements.append(element)
        }
        return elements
    }
}

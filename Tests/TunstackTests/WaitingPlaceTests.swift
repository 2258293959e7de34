import Testing

@testable import Tunstack

@Suite("Waiting for news", .timeLimit(.minutes(1)))
struct WaitingPlaceTests {
    @Test("news that come between looking and going to sleep are not slept through")
    func newsBeforeSleep() async {
        var place = WaitingPlace()
        place.hold()
        place.wake()
        let wake = await SleepingTask.suspend { place.wait(ticket: 1, $0) }
        #expect(wake == .ready)
        #expect(!place.isFree)
    }

    @Test("news of a time when nobody looked are forgotten")
    func oldNews() async {
        var place = WaitingPlace()
        place.wake()
        place.hold()
        let wake = await SleepingTask.suspend { task in
            place.wait(ticket: 1, task)
            place.cancel(ticket: 1)
        }
        #expect(wake == .cancelled)
    }

    @Test("a cancellation that comes late does not end a later wait")
    func lateCancellation() async {
        var place = WaitingPlace()
        place.hold()
        let wake = await SleepingTask.suspend { task in
            place.wait(ticket: 2, task)
            place.cancel(ticket: 1)
            place.wake()
        }
        #expect(wake == .ready)
        place.leave()
        #expect(place.isFree)
    }

    @Test("a connection that comes before an acceptor sleeps wakes it at once, and only once")
    func listenerNews() async {
        var waiters = ListenerWaiters()
        waiters.wakeOne()
        let first = await SleepingTask.suspend { waiters.wait(ticket: 1, $0) }
        #expect(first == .ready)
        let second = await SleepingTask.suspend { task in
            waiters.wait(ticket: 2, task)
            waiters.cancel(ticket: 2)
        }
        #expect(second == .cancelled)
    }
}

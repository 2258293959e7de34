@testable import TunstackCore
import TunstackWire

/// Moving the deadline of one of a thousand timers, as every segment does.
struct TimerArming: ~Copyable, Operation {
    private var wheel = Timers(count: 1_024)

    mutating func run(_ count: Int) {
        for number in 0..<count { wheel.arm(number & 1_023, in: .milliseconds(200), step: .microseconds(10)) }
    }
}

/// Arming a timer and taking it back.
struct TimerCancelling: ~Copyable, Operation {
    private var wheel = Timers(count: 1_024)

    mutating func run(_ count: Int) {
        for number in 0..<count {
            wheel.arm(number & 1_023, in: .milliseconds(200), step: .microseconds(10))
            wheel.cancel(number & 1_023)
        }
    }
}

/// Arming a timer and letting it come, with a thousand others waiting.
struct TimerExpiring: ~Copyable, Operation {
    private var wheel = Timers(count: 1_024)

    mutating func run(_ count: Int) {
        for number in 0..<count {
            wheel.arm(number & 1_023, in: .milliseconds(10), step: .microseconds(10))
            wheel.expire()
        }
    }
}

/// A wheel, its timers and the time.
private struct Timers: ~Copyable {
    private var wheel = TimerWheel(at: .origin)
    private var timers: [TimerWheel.TimerID] = []
    private var now = Instant.origin

    init(count: Int) {
        for index in 0..<count { timers.append(wheel.allocate(owner: EntryReference(.connection, index))) }
    }

    mutating func arm(_ index: Int, in interval: Interval, step: Interval) {
        now = now + step
        wheel.arm(timers[index], at: now + interval)
    }

    mutating func cancel(_ index: Int) { wheel.arm(timers[index], at: .distantFuture) }

    mutating func expire() {
        while let owner = wheel.popDue(at: now) { keep(owner) }
    }
}

/// From an arriving four-tuple to the table's entry, with so many in it: the keyed hash and the look-up.
struct Demultiplexing: ~Copyable, Operation {
    private let key: SipHash.Key
    private var table = ConnectionTable()
    private var next = 0
    private let entries: Int

    init(entries: Int) {
        var random = SameNumbers()
        key = SipHash.Key(from: &random)
        self.entries = entries
        for number in 0..<entries {
            table.insert(EntryReference(.connection, number), hash: Self.tuple(number).hash(key: key))
        }
    }

    mutating func run(_ count: Int) {
        for _ in 0..<count {
            // A stride that visits all entries in no order that a cache could follow.
            next = (next + 611_953) % entries
            var probe = table.probe(Self.tuple(next).hash(key: key))
            keep(table.next(&probe))
        }
    }

    private static func tuple(_ number: Int) -> ConnectionKey {
        ConnectionKey(
            local: Template.local,
            remote: Endpoint(
                IPv4Address(rawValue: 0x0A00_0000 + UInt32(number >> 14)), Port(UInt16(1_024 + number & 0x3FFF))))
    }
}

import TestSupport
import Testing
import TunstackWire

@testable import TunstackCore

/// What `SentSegments` should be, as plain arrays: the segments in order of sequence, and those in the network in the order in which
/// they left.
struct SentSegmentsModel {
    struct Entry {
        var start: SequenceNumber
        var length: Int
        var place: SentSegment.Place
        /// When it left, and after how many others.
        var sentAt: Instant
        var order: Int

        var end: SequenceNumber { start + length }
    }

    private(set) var entries: [Entry] = []
    private var nextOrder = 0
    private var end: SequenceNumber

    init(start: SequenceNumber) { end = start }

    var flight: [Entry] { entries.filter { $0.place == .flight }.sorted { $0.order < $1.order } }
    var missing: [Entry] { entries.filter { $0.place == .missing } }

    mutating func append(length: Int, at now: Instant) -> SentSegment {
        defer { end += length }
        nextOrder += 1
        entries.append(Entry(start: end, length: length, place: .flight, sentAt: now, order: nextOrder))
        return SentSegment(start: end, length: Int32(length), sentAt: now)
    }

    mutating func removeFirst() { entries.removeFirst() }

    mutating func trimFirst(by count: Int) {
        entries[0].start += count
        entries[0].length -= count
    }

    mutating func move(_ index: Int, to place: SentSegment.Place) { entries[index].place = place }

    mutating func sendAgain(_ index: Int, at now: Instant) {
        nextOrder += 1
        entries[index].place = .flight
        entries[index].sentAt = now
        entries[index].order = nextOrder
    }

    mutating func markAllMissing() {
        for index in entries.indices { entries[index].place = .missing }
    }

    /// What was missing is in the network; in which order, `adoptOrder` tells.
    mutating func restoreMissing() {
        for index in entries.indices where entries[index].place == .missing { entries[index].place = .flight }
    }

    mutating func resegment(to size: Int) {
        guard let first = entries.first, let last = entries.last else { return }
        var fresh: [Entry] = []
        var start = first.start
        while start.isBefore(last.end) {
            let length = min(size, last.end - start)
            fresh.append(
                Entry(start: start, length: length, place: .missing, sentAt: first.sentAt, order: first.order))
            start += length
        }
        entries = fresh
    }

    /// Takes over in which order the segments in the network left.
    mutating func adoptOrder(of segments: SentSegments) {
        var serial = segments.flight.first
        while serial != SentSegments.none {
            guard let index = entries.firstIndex(where: { $0.start == segments[serial].start }) else { return }
            nextOrder += 1
            entries[index].order = nextOrder
            serial = segments[serial].next
        }
    }

    // MARK: Comparison

    /// The serials of all segments in order of sequence.
    static func serials(_ segments: SentSegments) -> [SentSegments.Serial] {
        guard !segments.isEmpty else { return [] }
        var serials = [segments.first]
        while serials[serials.count - 1] != segments.last {
            serials.append(segments.following(serials[serials.count - 1]))
        }
        return serials
    }

    /// The segments of one list, forwards; an issue if it does not read the same backwards.
    private static func walk(_ list: SentSegmentList, _ segments: SentSegments) -> [SequenceNumber] {
        var starts: [SequenceNumber] = []
        var serial = list.first
        var previous = SentSegments.none
        while serial != SentSegments.none {
            expectEqual(segments[serial].previous, previous, "a link backwards")
            starts.append(segments[serial].start)
            previous = serial
            serial = segments[serial].next
        }
        expectEqual(list.last, previous, "the end of a list")
        return starts
    }

    /// The segments are what the model says.
    func check(_ segments: SentSegments, _ what: String) {
        expectEqual(Int(segments.count), entries.count, what)
        expectEqual(Int(segments.receivedCount), entries.count { $0.place == .receiver }, what)
        let serials = Self.serials(segments)
        expectEqual(serials.map { segments[$0].start }, entries.map(\.start), what)
        expectEqual(serials.map { Int(segments[$0].length) }, entries.map(\.length), what)
        expectEqual(serials.map { segments[$0].place }, entries.map(\.place), what)
        expectEqual(Self.walk(segments.flight, segments), flight.map(\.start), "\(what): flight")
        expectEqual(Self.walk(segments.missing, segments), missing.map(\.start), "\(what): missing")
        expectEqual(segments.flight.bytes, flight.reduce(0) { $0 + $1.length }, what)
        expectEqual(segments.missing.bytes, missing.reduce(0) { $0 + $1.length }, what)
    }
}

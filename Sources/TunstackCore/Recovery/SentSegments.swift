import TunstackWire

/// The retransmission queue's index: every segment between SND.UNA and SND.NXT in order of sequence, in a ring from the buffer pool.
///
/// A super-segment is one record while all goes well: nothing but the cumulative acknowledgment speaks of it, from its front. At the first
/// sign that its segments may fare differently (`cutSuperSegments`) each gets a record, for which there always is room.
///
/// A segment is in one of three places. Those in the network form a list in the order in which they left, and those that are missing
/// one in the order of sequence, so that neither an acknowledgment nor a loss ever walks what it does not change.
struct SentSegments {
    /// Names a segment for as long as it is in the ring.
    typealias Serial = UInt32

    /// No segment.
    static let none = Serial.max
    private static let serialMask = Serial.max >> 1

    private var slots = SentSegmentSlots()
    private(set) var count: UInt32 = 0
    private var firstSerial: Serial
    /// Of those at the receiver, how many.
    private(set) var receivedCount: UInt32 = 0
    private(set) var flight = SentSegmentList()
    private(set) var missing = SentSegmentList()
    /// Segments that all records together stand for.
    private var segmentCount: UInt32 = 0
    /// The last record that may not be in the network, or have left out of the order of sequence.
    private var disorderEnd = none

    /// No segments yet; the first gets this serial. Serials go round, so any will do.
    init(firstSerial: Serial = 0) { self.firstSerial = firstSerial & Self.serialMask }

    var isEmpty: Bool { count == 0 }
    /// There is one segment, and no more.
    var isSingle: Bool { segmentCount == 1 }
    /// All segments are in the network, and left in the order of sequence. A super-segment may then be one record.
    var isInOrder: Bool { disorderEnd == Self.none }
    /// The oldest segment by sequence; there must be one.
    var first: Serial { firstSerial }
    /// The newest by sequence; there must be one.
    var last: Serial { serial(at: count - 1) }
    func following(_ serial: Serial) -> Serial { (serial &+ 1) & Self.serialMask }
    /// Hands out every segment, the oldest first.
    func forEach(_ body: (SentSegment) -> Void) {
        for position in 0..<count { body(self[serial(at: position)]) }
    }
    private func serial(at position: UInt32) -> Serial { (firstSerial &+ position) & Self.serialMask }

    subscript(_ serial: Serial) -> SentSegment {
        @inline(__always) _read { yield slots[serial] }
        @inline(__always) nonmutating _modify { yield &slots[serial] }
    }
}

// MARK: - Memory

extension SentSegments {
    /// There is room for some segments at least.
    var hasMemory: Bool { slots.capacity > 0 }

    /// Makes sure that so many segments can be appended, if need be with a record of each; false if the pool's budget does not allow it.
    mutating func reserve(_ more: Int = 1, pool: inout BufferPool) -> Bool {
        let needed = Int(segmentCount) + more
        guard needed > slots.capacity else { return true }
        guard var larger = SentSegmentSlots(capacity: needed, pool: &pool) else { return false }
        for position in 0..<count { larger.initialize(serial(at: position), to: slots[serial(at: position)]) }
        slots.release(to: &pool)
        slots = larger
        return true
    }

    /// Gives the memory back when no segment is left.
    mutating func releaseIfEmpty(to pool: inout BufferPool) {
        if isEmpty { slots.release(to: &pool) }
    }

    /// Forgets all segments.
    mutating func discard(pool: inout BufferPool) {
        slots.release(to: &pool)
        self = SentSegments()
    }
}

// MARK: - The order of sequence

extension SentSegments {
    /// Adds a segment that leaves now, at the end of the sequence. There must be room.
    mutating func append(_ segment: SentSegment) {
        precondition(count < slots.capacity, "no room was reserved")
        count += 1
        slots.initialize(last, to: segment)
        flight.insert(last, after: flight.last, in: slots)
        segmentCount += UInt32(segment.segmentCount)
    }

    /// Takes the oldest segment out of the ring.
    mutating func removeFirst() {
        unlink(firstSerial)
        segmentCount -= UInt32(self[firstSerial].segmentCount)
        if firstSerial == disorderEnd { disorderEnd = Self.none }
        firstSerial = following(firstSerial)
        count -= 1
    }

    /// Cuts off the front of the oldest segment, up to `start`.
    mutating func trimFirst(to start: SequenceNumber) {
        let serial = first
        let after = self[serial].previous
        let place = self[serial].place
        unlink(serial)
        segmentCount -= UInt32(self[serial].segmentCount)
        self[serial].length = Int32(self[serial].end - start)
        self[serial].start = start
        segmentCount += UInt32(self[serial].segmentCount)
        switch place {
        case .flight: flight.insert(serial, after: after, in: slots)
        case .missing: missing.insert(serial, after: after, in: slots)
        case .receiver: receivedCount += 1
        }
    }

    /// The segment that holds `number`, or the first one after it; nil if all are before it.
    func segment(at number: SequenceNumber) -> Serial? {
        guard count > 0, number.isBefore(self[last].end) else { return nil }
        var low: UInt32 = 0
        var high = count - 1
        while low < high {
            let middle = (low + high) / 2
            if self[serial(at: middle)].end.isAfter(number) { high = middle } else { low = middle + 1 }
        }
        return serial(at: low)
    }

    /// Cuts everything anew into pieces of `size`, for a path that carries no more, and counts it as missing. Without memory for that
    /// the segments stay as they are, and are repaired bit by bit.
    mutating func resegment(to size: Int, pool: inout BufferPool) {
        let end = self[last].end
        var start = self[first].start
        guard var fresh = SentSegmentSlots(capacity: (end - start + size - 1) / size, pool: &pool) else {
            return markAllMissing()
        }
        var piece = self[first]
        piece.place = .missing
        piece.isSizeProbe = false
        piece.segmentSize = 0
        piece.marks.remove(.isPushed)
        slots.release(to: &pool)
        self = SentSegments()
        while start.isBefore(end) {
            piece.start = start
            piece.length = Int32(min(size, end - start))
            count += 1
            fresh.initialize(last, to: piece)
            missing.insert(last, after: missing.last, in: fresh)
            start = piece.end
        }
        segmentCount = count
        disorderEnd = last
        slots = fresh
    }

    /// Makes a record of each segment of the super-segments. While there are any, everything is in the network and left in the order of
    /// sequence (`isInOrder`), and there is room for all the records.
    mutating func cutSuperSegments() {
        guard segmentCount > count, isInOrder else { return }
        var place = segmentCount
        for position in (0..<count).reversed() {
            let whole = self[serial(at: position)]
            for index in (0..<whole.segmentCount).reversed() {
                // Never before the position that it comes from, so that nothing is written over that is still to be read.
                place -= 1
                slots.initialize(serial(at: place), to: whole.segment(index))
            }
        }
        count = segmentCount
        flight = SentSegmentList()
        for position in 0..<count { flight.insert(serial(at: position), after: flight.last, in: slots) }
    }

    /// Counts everything as missing, what the receiver has reported too.
    mutating func markAllMissing() {
        flight = SentSegmentList()
        missing = SentSegmentList()
        receivedCount = 0
        for position in 0..<count {
            self[serial(at: position)].place = .missing
            missing.insert(serial(at: position), after: missing.last, in: slots)
        }
    }
}

// MARK: - Places

extension SentSegments {
    /// The segment has arrived at the receiver.
    mutating func moveToReceiver(_ serial: Serial) {
        unlink(serial)
        disorderEnd = last
        self[serial].place = .receiver
        receivedCount += 1
    }

    /// The segment is lost. The list of the missing stays in the order of sequence.
    mutating func moveToMissing(_ serial: Serial) {
        unlink(serial)
        disorderEnd = last
        self[serial].place = .missing
        let start = self[serial].start
        var after = missing.last
        if !missing.isEmpty, start.isBefore(self[missing.first].start) { after = Self.none }
        while after != Self.none, start.isBefore(self[after].start) { after = self[after].previous }
        missing.insert(serial, after: after, in: slots)
    }

    /// The segment leaves again, after all others in the network.
    mutating func moveToEndOfFlight(_ serial: Serial) {
        unlink(serial)
        disorderEnd = last
        self[serial].place = .flight
        flight.insert(serial, after: flight.last, in: slots)
    }

    /// What counted as missing and has not been sent again is in the network after all.
    mutating func restoreMissing() {
        while !missing.isEmpty {
            let serial = missing.last
            unlink(serial)
            disorderEnd = last
            self[serial].place = .flight
            // It left before all that has been sent since, so the search ends at the front, as a rule at once.
            var before = flight.first
            while before != Self.none, self[before].sentAt < self[serial].sentAt { before = self[before].next }
            let after = before == Self.none ? flight.last : self[before].previous
            flight.insert(serial, after: after, in: slots)
        }
    }

    private mutating func unlink(_ serial: Serial) {
        switch self[serial].place {
        case .flight: flight.remove(serial, from: slots)
        case .missing: missing.remove(serial, from: slots)
        case .receiver: receivedCount -= 1
        }
    }
}

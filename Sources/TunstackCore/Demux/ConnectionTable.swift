/// Finds the entry of a four-tuple: open addressing with linear probing over eight-byte slots (32 bits of the keyed hash,
/// 32 bits of reference). Deleting shifts later entries back, so there are no tombstones and look-ups stay short. The keys
/// themselves stay with the entries; whoever probes compares them.
struct ConnectionTable {
    private struct Slot {
        var fingerprint: UInt32 = 0
        var reference: UInt32 = Slot.vacantReference

        static let vacantReference = UInt32.max
        var isVacant: Bool { reference == Self.vacantReference }
    }

    /// Walks the candidates for one hash.
    struct Probe {
        fileprivate var position: Int
        fileprivate let fingerprint: UInt32
    }

    private static let minimumCapacity = 16
    private var slots = [Slot](repeating: Slot(), count: minimumCapacity)
    private(set) var count = 0

    private var mask: Int { slots.count - 1 }

    private static func fingerprint(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

    /// Where an entry would stand if nothing were in its way.
    private func home(of fingerprint: UInt32) -> Int { Int(fingerprint) & mask }

    func probe(_ hash: UInt64) -> Probe {
        let fingerprint = Self.fingerprint(hash)
        return Probe(position: home(of: fingerprint), fingerprint: fingerprint)
    }

    /// The next entry whose hash agrees; nil at the end of the cluster.
    func next(_ probe: inout Probe) -> EntryReference? {
        while true {
            let slot = slots[probe.position]
            if slot.isVacant { return nil }
            probe.position = (probe.position + 1) & mask
            if slot.fingerprint == probe.fingerprint { return EntryReference(bits: slot.reference) }
        }
    }

    mutating func insert(_ reference: EntryReference, hash: UInt64) {
        if (count + 1) * 4 > slots.count * 3 { resize(to: slots.count * 2) }
        place(Slot(fingerprint: Self.fingerprint(hash), reference: reference.bits))
        count += 1
    }

    private mutating func place(_ slot: Slot) {
        var position = home(of: slot.fingerprint)
        while !slots[position].isVacant { position = (position + 1) & mask }
        slots[position] = slot
    }

    private func position(of reference: EntryReference, hash: UInt64) -> Int {
        var position = home(of: Self.fingerprint(hash))
        while slots[position].reference != reference.bits {
            precondition(!slots[position].isVacant, "an entry that is not in the table")
            position = (position + 1) & mask
        }
        return position
    }

    /// Points an existing entry at something else (a half-open entry that became a connection, say).
    mutating func replace(_ reference: EntryReference, with other: EntryReference, hash: UInt64) {
        slots[position(of: reference, hash: hash)].reference = other.bits
    }

    mutating func remove(_ reference: EntryReference, hash: UInt64) {
        var hole = position(of: reference, hash: hash)
        var position = hole
        while true {
            position = (position + 1) & mask
            let slot = slots[position]
            if slot.isVacant { break }
            // An entry may fill the hole unless its home lies cyclically between the hole and its place.
            let distanceFromHome = (position - home(of: slot.fingerprint)) & mask
            if distanceFromHome >= (position - hole) & mask {
                slots[hole] = slot
                hole = position
            }
        }
        slots[hole] = Slot()
        count -= 1
        if slots.count > Self.minimumCapacity * 64, count * 8 < slots.count { resize(to: slots.count / 4) }
    }

    private mutating func resize(to capacity: Int) {
        let old = slots
        slots = [Slot](repeating: Slot(), count: capacity)
        for slot in old where !slot.isVacant { place(slot) }
    }
}

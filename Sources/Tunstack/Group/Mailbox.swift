import Synchronization
import TunstackCore
import TunstackLinux

/// Packets that another stack of the group got and that this one owns. It is bounded: what finds no room is lost, as in a full queue
/// of the device.
///
/// This is the one place where stacks of a group meet, and only packets pass here that the kernel has given to the wrong queue: the
/// first of a connection, and the first after some seconds of silence.
final class Mailbox: Sendable {
    /// A packet, with what the device knew about it.
    struct Letter {
        let packet: [UInt8]
        let checksum: ChecksumStatus
    }

    /// What became of a packet.
    enum Outcome {
        case delivered
        case full
    }

    private struct Content {
        var letters: [Letter] = []
        var byteCount = 0
        var wake: (@Sendable () -> Void)?
    }

    static let capacity = 256
    static let byteCapacity = 1 << 20

    private let content = Mutex(Content())
    private let isFilled = Atomic(false)

    /// Whether there is mail, without a lock.
    var hasMail: Bool { isFilled.load(ordering: .relaxed) }

    /// Sets what tells the owner that there is mail.
    func onMail(_ wake: @escaping @Sendable () -> Void) {
        content.withLock { $0.wake = wake }
    }

    /// Puts a packet in. The owner is told when the first one comes.
    func put(_ packet: [UInt8], checksum: ChecksumStatus) -> Outcome {
        let letter = Letter(packet: packet, checksum: checksum)
        let (outcome, wake) = content.withLock { content -> (Outcome, (@Sendable () -> Void)?) in
            guard content.letters.count < Self.capacity,
                content.byteCount + letter.packet.count <= Self.byteCapacity
            else { return (.full, nil) }
            content.letters.append(letter)
            isFilled.store(true, ordering: .relaxed)
            content.byteCount += letter.packet.count
            return (.delivered, content.letters.count == 1 ? content.wake : nil)
        }
        wake?()
        return outcome
    }

    /// Takes everything out.
    func takeAll() -> [Letter] {
        content.withLock { content in
            defer {
                isFilled.store(false, ordering: .relaxed)
                content.letters = []
                content.byteCount = 0
            }
            return content.letters
        }
    }
}

/// What a stack of a group knows about the others.
struct GroupMembership {
    /// Which connections are its own.
    let share: StackShare
    /// The mailboxes of all, its own among them.
    let mailboxes: [Mailbox]

    /// Its own.
    var mailbox: Mailbox { mailboxes[share.index] }
}

/// What passed between the stacks of a group.
public struct HandoverCounters: Hashable, Sendable {
    /// Packets that came to the wrong queue and were handed over.
    public internal(set) var packetsHandedOver: UInt64 = 0
    /// Packets that were lost because the owner's mailbox was full.
    public internal(set) var packetsLost: UInt64 = 0

    /// What passed between several together.
    public static func + (left: HandoverCounters, right: HandoverCounters) -> HandoverCounters {
        HandoverCounters(
            packetsHandedOver: left.packetsHandedOver &+ right.packetsHandedOver,
            packetsLost: left.packetsLost &+ right.packetsLost)
    }
}

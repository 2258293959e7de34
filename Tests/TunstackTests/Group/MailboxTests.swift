import Synchronization
import Testing

@testable import Tunstack

@Suite("Mailbox between the stacks of a group")
struct MailboxTests {
    private func put(_ bytes: [UInt8], _ mailbox: Mailbox) -> Mailbox.Outcome {
        mailbox.put(bytes, checksum: .verified)
    }

    @Test("packets come out as they went in, once")
    func order() {
        let mailbox = Mailbox()
        for number in 0..<10 as Range<UInt8> { #expect(put([number, 1], mailbox) == .delivered) }
        #expect(mailbox.takeAll().map(\.packet) == (0..<10 as Range<UInt8>).map { [$0, 1] })
        #expect(mailbox.takeAll().isEmpty)
    }

    @Test("the owner is told of the first packet, and again after it has looked")
    func wakes() {
        let mailbox = Mailbox()
        let count = Atomic(0)
        let wakes = Wakes()
        mailbox.onMail { wakes.add() }
        for _ in 0..<3 {
            for _ in 0..<5 { count.add(put([1], mailbox) == .delivered ? 1 : 0, ordering: .relaxed) }
            #expect(mailbox.takeAll().count == 5)
        }
        #expect(count.load(ordering: .relaxed) == 15)
        #expect(wakes.count == 3)
    }

    @Test("a full mailbox takes nothing more, by packets and by bytes")
    func bounds() {
        let many = Mailbox()
        for _ in 0..<Mailbox.capacity { #expect(put([1], many) == .delivered) }
        #expect(put([1], many) == .full)
        #expect(many.takeAll().count == Mailbox.capacity)
        #expect(put([1], many) == .delivered)

        let large = Mailbox()
        let packet = [UInt8](repeating: 0, count: 65_535)
        var delivered = 0
        while put(packet, large) == .delivered { delivered += 1 }
        #expect(delivered == Mailbox.byteCapacity / 65_535)
    }

    private final class Wakes: Sendable {
        private let number = Atomic(0)
        var count: Int { number.load(ordering: .relaxed) }
        func add() { number.add(1, ordering: .relaxed) }
    }
}

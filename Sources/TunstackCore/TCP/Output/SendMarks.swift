import TunstackWire

/// Places in what the application has sent, and what has not left: ends of records, where a segment has to end, and pushes that are to be
/// carried out one by one (`SendFlags`). A connection has none until the application uses one of the two.
final class SendMarks {
    private var records = Fifo<SequenceNumber>()
    private var pushes = Fifo<SequenceNumber>()

    /// The next end of a record; nil if there is none.
    var nextRecord: SequenceNumber? { records.first }

    func addRecord(at end: SequenceNumber) { records.append(end) }

    func addPush(at end: SequenceNumber) { pushes.append(end) }

    /// Whether what lies before `number` has to be pushed.
    func isPushed(before number: SequenceNumber) -> Bool { pushes.first?.isAtOrBefore(number) ?? false }

    /// Everything before `number` has left; with a push, if it was pushed.
    func forget(before number: SequenceNumber, wasPushed: Bool) {
        while let end = records.first, end.isAtOrBefore(number) { _ = records.popFirst() }
        guard wasPushed else { return }
        while let end = pushes.first, end.isAtOrBefore(number) { _ = pushes.popFirst() }
    }
}

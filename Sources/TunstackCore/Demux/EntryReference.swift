/// Points from the demultiplexing table and the timer wheel to what owns the entry: a kind and a slab index in 32 bits.
struct EntryReference: Equatable {
    enum Kind: UInt32 {
        /// A TCB.
        case connection
        /// An entry of a listener's SYN queue.
        case halfOpen
        /// What is left of a connection in TIME-WAIT.
        case timeWait
    }

    /// The largest index that fits beside the kind.
    static let maximumIndex = 1 << 30 - 1

    private let rawValue: UInt32

    init(_ kind: Kind, _ index: Int) {
        precondition(index <= Self.maximumIndex, "an index that does not fit")
        rawValue = kind.rawValue << 30 | UInt32(index)
    }

    init(bits: UInt32) {
        rawValue = bits
    }

    var bits: UInt32 { rawValue }

    var kind: Kind {
        switch rawValue >> 30 {
        case Kind.connection.rawValue: .connection
        case Kind.halfOpen.rawValue: .halfOpen
        default: .timeWait
        }
    }

    var index: Int { Int(rawValue & (1 << 30 - 1)) }
}

/// What a fuzzer feeds bytes to. Any bytes are an input, and the same bytes always do the same.
///
/// An input is a recipe: every target reads decisions from it, a byte or two each, and takes the first choice when it
/// has been read to the end. So a fuzzer that changes a byte changes a decision, and nothing has to be parsed.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Every parser of the wire formats, and the descriptions of packets: what is read can be written, and is then read
    /// as the same.
    case parser
    /// A stack and a peer that sends whatever it likes, mostly near the edges of windows, in every state.
    case stack
    /// Two stacks and a network that loses, delays, doubles, damages and marks as the input says.
    case network

    /// Feeds an input.
    ///
    /// - Returns: what is wrong, a sentence each; a trap is for the caller to notice.
    public func findings(in input: [UInt8]) -> [String] {
        switch self {
        case .parser: ParserFuzz(input).findings()
        case .stack: StackFuzz(input).play(keeping: .none).findings
        case .network: NetworkFuzz(input).run.report().words
        }
    }

    /// Feeds an input and keeps what happened, for somebody who wants to understand a finding. The parser sends nothing.
    public func trace(of input: [UInt8]) -> PacketTrace {
        switch self {
        case .parser: PacketTrace()
        case .stack: StackFuzz(input).play(keeping: .full).trace
        case .network: NetworkFuzz(input).run.traced().trace
        }
    }
}

extension RunReport {
    /// What was found wrong, a sentence each.
    fileprivate var words: [String] { violations.map { "\($0.oracle): \($0.what)" } }
}

/// An input as it is read: decisions, one after the other.
struct FuzzInput {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.bytes = bytes[...]
    }

    /// Everything has been read.
    var isEmpty: Bool { bytes.isEmpty }

    /// What is left.
    var rest: [UInt8] { Array(bytes) }

    mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    /// A number of two bytes.
    mutating func word() -> Int { Int(byte()) << 8 | Int(byte()) }

    mutating func isSet() -> Bool { byte() & 1 == 1 }

    mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[Int(byte()) % choices.count] }

    /// A number at zero, near it, or farther away, in both directions.
    mutating func offset() -> Int {
        let byte = byte()
        let small = Int(Int8(bitPattern: byte))
        // Half of all are very near: that is where the edges are.
        return abs(small) < 64 ? small / 8 : small * pick([8, 90, 700, 9_000])
    }
}

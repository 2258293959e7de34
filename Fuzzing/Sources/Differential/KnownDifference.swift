/// A kind of difference that is meant to be. docs/differences-from-linux.md has a line for each, by its name.
struct KnownDifference: Sendable {
    let name: String
    let explains: @Sendable (PlayedSequence.Difference) -> Bool

    static let all = handshake + acknowledgments + timestamps + teardown + contradictions

    private static let teardown = [
        KnownDifference(name: "FIN-WAIT-2 of a connection that the application has closed") { difference in
            difference.marks.contains(.closed)
                && ["SYN", "FIN beyond a gap", "ACK of what was never sent", "ACK from long ago"]
                    .contains(where: difference.step.hasPrefix)
                && difference.kernel.hasPrefix("RST") && difference.kernel.hasSuffix("then reset")
                && difference.stack.contains("then ACK")
        },
        KnownDifference(name: "a reset in the window of FIN-WAIT-2") {
            $0.marks.contains(.closed) && $0.step.hasPrefix("reset in the window")
                && $0.kernel == "read: no connection, then reset" && $0.isRefusedByStack
        },
        KnownDifference(name: "a connection reset before it is accepted") {
            ["close", "abort"].contains($0.step) && $0.marks.contains(.reset) && $0.kernel.hasPrefix("read: ")
                && $0.kernel.hasSuffix("then reset") && $0.stack.hasSuffix("then reset") && !$0.stack.contains("RST")
                && !$0.kernel.contains("no connection")
        },
        KnownDifference(name: "ABORT in TIME-WAIT") {
            $0.step == "abort" && $0.marks.contains(.shutDown) && $0.marks.contains(.fin)
                && $0.kernel.hasPrefix("read: no connection, then ACK") && $0.stack == "read: no connection, then reset"
        },
        KnownDifference(name: "ABORT in LAST-ACK") {
            $0.step == "abort" && $0.marks.contains(.shutDown) && $0.marks.contains(.fin)
                && $0.kernel == "read: no connection, then reset" && $0.stack.hasPrefix("RST")
                && $0.stack.hasSuffix("then reset")
        },
        KnownDifference(name: "a bare ACK one before the window") {
            $0.hasClosedBothWays && $0.step.hasPrefix("text that overlaps the left edge")
                && $0.isRefusedByKernel && ["then reset", "read: no connection, then reset"].contains($0.stack)
        },
        KnownDifference(name: "a reset at the end of text beyond a gap") {
            $0.marks.contains(.resetBeyondGap) && $0.step.hasPrefix("reset in the window")
                && $0.kernel.hasSuffix("then reset") && $0.isRefusedByStack
        },
    ]

    private static let handshake = [
        KnownDifference(name: "a second SYN in the handshake") {
            $0.step.hasPrefix("SYN") && $0.kernel.hasPrefix("RST") && $0.kernel.hasSuffix("then reset")
                && !$0.stack.contains("RST")
                && ($0.stack.hasSuffix("then reset") || $0.hasClosedBothWays && $0.stack.hasPrefix("then ACK"))
        },
        KnownDifference(name: "SEND before the connection is open") {
            $0.marks.contains(.earlySend)
                && (!$0.kernel.contains("text") && $0.stack.contains("text")
                    || ["close", "shutdown"].contains($0.step) && $0.kernel.hasPrefix("FIN") && $0.isRefusedByStack)
        },
        KnownDifference(name: "CLOSE in SYN-RECEIVED") {
            $0.step == "shutdown" && $0.marks.contains(.active) && $0.marks.contains(.beforeTheSyn)
                && $0.kernel.hasPrefix("then ACK") && $0.stack.hasPrefix("FIN, then ACK")
        },
        KnownDifference(name: "an acknowledgment of less than the SYN") {
            $0.step.hasPrefix("ACK of a part") && $0.marks.contains(.active) && $0.marks.contains(.beforeTheSyn)
                && $0.kernel.hasPrefix("then ACK") && $0.stack.hasPrefix("RST 0, then ACK")
        },
        KnownDifference(name: "the echo of a later timestamp in the handshake") {
            $0.marks.contains(.lateEcho)
                && ($0.isRefusedByKernel
                    || $0.kernel.hasPrefix("read: no connection, then ACK") && $0.stack.hasPrefix("then ACK"))
        },
        KnownDifference(name: "the SYN again with an old timestamp") {
            ($0.step == "SYN, with an old timestamp" || $0.step.hasPrefix("SYN") && $0.marks.contains(.laterTimestamp))
                && $0.isRefusedByKernel && $0.stack.hasPrefix("SYN-ACK")
                && $0.stack.contains("again")
        },
        KnownDifference(name: "a bad acknowledgment with an old timestamp in the handshake") {
            $0.step.hasPrefix("ACK") && $0.kernel.hasPrefix("RST") && $0.kernel.contains("then ACK")
                && !$0.stack.contains("RST") && $0.stack.contains("then ACK")
        },
    ]

    private static let acknowledgments = [
        KnownDifference(name: "text with an acknowledgment from long ago") {
            $0.step.hasPrefix("ACK from long ago") && $0.isRefusedByStack
        },
        KnownDifference(name: "a window that shrinks") {
            $0.marks.contains(.smallerWindow) && $0.step == "SEND" && $0.kernel.hasPrefix("text")
                && $0.stack.hasPrefix("then ACK")
        },
    ]

    private static let timestamps = [
        KnownDifference(name: "a reset with an old timestamp") {
            ($0.step == "reset, exact, with an old timestamp"
                || $0.step.hasPrefix("reset, exact") && $0.marks.contains(.laterTimestamp))
                && $0.isRefusedByKernel && ["then reset", "read: no connection, then reset"].contains($0.stack)
        },
        KnownDifference(name: "text that ends at the left edge") {
            $0.marks.contains(.timestampAtEdge) && $0.isRefusedByKernel
                || $0.marks.contains(.textAtEdge) && $0.kernel.hasPrefix("text") && $0.isRefusedByStack
        },
        KnownDifference(name: "the timestamp of a segment with a bad acknowledgment") {
            $0.marks.contains(.timestampWithBadAcknowledgment)
                && ($0.isRefusedByKernel || $0.marks.contains(.smallerWindow) && $0.isRefusedByStack)
        },
        KnownDifference(name: "the timestamp of a segment with an old acknowledgment") {
            $0.marks.contains(.timestampWithOldAcknowledgment) && $0.isRefusedByStack
        },
        KnownDifference(name: "the timestamp of a bare ACK one before the window") {
            $0.marks.contains(.timestampBeforeWindow) && $0.isRefusedByStack
        },
        KnownDifference(name: "a timestamp in FIN-WAIT-2 of a connection that the application has closed") {
            $0.marks.contains(.timestampAfterClose) && $0.isRefusedByStack
        },
    ]

    private static let contradictions = [
        KnownDifference(name: "text beyond the FIN, after it") {
            $0.marks.contains(.contradiction) && $0.isAboutText && $0.kernel.hasSuffix("then reset")
                && $0.isRefusedByStack
        },
        KnownDifference(name: "text on both sides of the FIN") {
            $0.marks.contains(.contradiction) && $0.isAboutText
                && ($0.kernel.contains("then ACK") && $0.stack.contains("then ACK") || $0.isRefusedByKernel)
        },
    ]
}

extension PlayedSequence.Difference {
    /// The step is a segment with text or FIN, none that asks for anything else.
    fileprivate var isAboutText: Bool {
        ["text", "old", "FIN", "stray option", "urgent text"].contains(where: step.hasPrefix)
    }

    /// Both directions may have been closed, the host's by the application.
    fileprivate var hasClosedBothWays: Bool {
        marks.contains(.fin) && (marks.contains(.shutDown) || marks.contains(.closed))
    }

    /// The kernel answers with a bare ACK what the stack takes in.
    fileprivate var isRefusedByKernel: Bool { Self.isRefusal(kernel, beside: stack) }
    fileprivate var isRefusedByStack: Bool { Self.isRefusal(stack, beside: kernel) }

    /// Whether one has answered with nothing but an ACK, and the other with more, or with an ACK of more.
    private static func isRefusal(_ answer: String, beside other: String) -> Bool {
        guard let number = bareAcknowledgment(answer) else { return false }
        guard let otherNumber = bareAcknowledgment(other) else { return true }
        return number < otherNumber
    }

    private static func bareAcknowledgment(_ answer: String) -> Int? {
        ["then ACK ", "read: no connection, then ACK "].lazy
            .filter { answer.hasPrefix($0) }.compactMap { Int(answer.dropFirst($0.count)) }.first
    }
}

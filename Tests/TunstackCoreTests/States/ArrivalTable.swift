import TunstackCore

/// What RFC 9293 §3.10.7 asks for each kind of segment in each state; RFC 5961 §3 to §5 for blind attacks, RFC 1337 for resets
/// in TIME-WAIT. No row is computed from another state's.
enum ArrivalTable {
    static func outcome(of arrival: Arrival, by route: Route) -> Outcome {
        switch route {
        case .closed: inClosed(arrival)
        case .listen: inListen(arrival)
        case .synSent: inSynSent(arrival)
        case .synReceivedPassive: inSynReceivedPassive(arrival)
        case .synReceivedActive: inSynReceivedActive(arrival)
        case .establishedPassive, .establishedActive, .establishedSimultaneous: inEstablished(arrival)
        case .finWait1: inFinWait1(arrival)
        case .finWait2: inFinWait2(arrival)
        case .closeWait: inCloseWait(arrival)
        case .closing: inClosing(arrival)
        case .lastAck: inLastAck(arrival)
        case .timeWaitFromFinWait2, .timeWaitFromFinWait1: inTimeWait(arrival)
        case .timeWaitFromClosing: inTimeWait(arrival)
        }
    }

    /// §3.10.7.1: everything but a reset is answered with one.
    private static func inClosed(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synInWindow, .synAgain, .nothing: Outcome(.closed, .resetWithAck, drop: .closedPort)
        case .synAck, .ack, .oldAck, .ancientAck, .ackOfUnsentData: Outcome(.closed, .reset, drop: .closedPort)
        case .text, .textOutsideWindow, .oldText, .overlappingText: Outcome(.closed, .reset, drop: .closedPort)
        case .fin, .finAndAck, .finAgain: Outcome(.closed, .reset, drop: .closedPort)
        case .reset, .resetWithAck, .resetInWindow, .resetOutsideWindow:
            Outcome(.closed, drop: .resetWithoutConnection)
        }
    }

    /// §3.10.7.2
    private static func inListen(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synInWindow, .synAgain: Outcome(.synReceived, .synAck)
        case .synAck, .ack, .oldAck, .ancientAck, .ackOfUnsentData: Outcome(.listen, .reset, drop: .noSynToListener)
        case .text, .textOutsideWindow, .oldText, .overlappingText: Outcome(.listen, .reset, drop: .noSynToListener)
        case .fin, .finAndAck, .finAgain: Outcome(.listen, .reset, drop: .noSynToListener)
        case .reset, .resetWithAck, .resetInWindow, .resetOutsideWindow:
            Outcome(.listen, drop: .resetWithoutConnection)
        case .nothing: Outcome(.listen, drop: .noSynToListener)
        }
    }

    /// §3.10.7.3: the ACK is looked at before anything else, and a reset counts only with one that fits.
    private static func inSynSent(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synInWindow, .synAgain: Outcome(.synReceived, .synAck)
        case .synAck: Outcome(.established, .ack(1))
        case .ack, .text, .textOutsideWindow, .oldText, .overlappingText:
            Outcome(.synSent, drop: .unexpectedInSynSent)
        case .finAndAck, .finAgain: Outcome(.synSent, drop: .unexpectedInSynSent)
        case .oldAck, .ancientAck, .ackOfUnsentData, .fin:
            Outcome(.synSent, .reset, drop: .unacceptableAcknowledgment)
        case .resetWithAck: Outcome(.closed)
        case .reset, .resetInWindow, .resetOutsideWindow: Outcome(.synSent, drop: .unexpectedInSynSent)
        case .nothing: Outcome(.synSent, drop: .unexpectedInSynSent)
        }
    }

    /// §3.10.7.4 after a passive open: a reset leads back to LISTEN.
    private static func inSynReceivedPassive(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synAck, .textOutsideWindow, .oldText, .finAgain: Outcome(.synReceived, .ack(), drop: .outsideWindow)
        case .synInWindow: Outcome(.listen)
        // The peer has not seen our SYN-ACK; an acknowledgment alone would not help it.
        case .synAgain: Outcome(.synReceived, .synAck)
        case .reset, .resetWithAck: Outcome(.listen)
        case .resetInWindow: Outcome(.synReceived, .ack(), drop: .challengedReset)
        case .resetOutsideWindow: Outcome(.synReceived, drop: .outsideWindow)
        case .nothing: Outcome(.synReceived, drop: .noAcknowledgment)
        case .oldAck, .ancientAck, .ackOfUnsentData, .fin:
            Outcome(.synReceived, .reset, drop: .unacceptableAcknowledgment)
        case .ack: Outcome(.established)
        case .text, .overlappingText: Outcome(.established, .ack(3))
        case .finAndAck: Outcome(.closeWait, .ack(1))
        }
    }

    /// §3.10.7.4 after an active open, that is to say a simultaneous one (§3.5, Figure 7): the peer's SYN-ACK completes it, and
    /// a SYN is treated as in the synchronized states.
    private static func inSynReceivedActive(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synAgain, .textOutsideWindow, .oldText, .finAgain:
            Outcome(.synReceived, .ack(), drop: .outsideWindow)
        case .synInWindow: Outcome(.synReceived, .ack(), drop: .challengedSyn)
        case .reset, .resetWithAck: Outcome(.closed)
        case .resetInWindow: Outcome(.synReceived, .ack(), drop: .challengedReset)
        case .resetOutsideWindow: Outcome(.synReceived, drop: .outsideWindow)
        case .nothing: Outcome(.synReceived, drop: .noAcknowledgment)
        case .oldAck, .ancientAck, .ackOfUnsentData, .fin:
            Outcome(.synReceived, .reset, drop: .unacceptableAcknowledgment)
        case .synAck, .ack: Outcome(.established)
        case .text, .overlappingText: Outcome(.established, .ack(3))
        case .finAndAck: Outcome(.closeWait, .ack(1))
        }
    }

    private static func inEstablished(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synAgain, .synAck: Outcome(.established, .ack(), drop: .outsideWindow)
        case .textOutsideWindow, .oldText, .finAgain: Outcome(.established, .ack(), drop: .outsideWindow)
        case .synInWindow: Outcome(.established, .ack(), drop: .challengedSyn)
        case .reset, .resetWithAck: Outcome(.closed)
        case .resetInWindow: Outcome(.established, .ack(), drop: .challengedReset)
        case .resetOutsideWindow: Outcome(.established, drop: .outsideWindow)
        case .nothing: Outcome(.established, drop: .noAcknowledgment)
        case .ack, .oldAck: Outcome(.established)
        case .ancientAck, .ackOfUnsentData: Outcome(.established, .ack(), drop: .unacceptableAcknowledgment)
        case .text, .overlappingText: Outcome(.established, .ack(3))
        case .fin, .finAndAck: Outcome(.closeWait, .ack(1))
        }
    }

    private static func inFinWait1(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synAgain, .synAck: Outcome(.finWait1, .ack(), drop: .outsideWindow)
        case .textOutsideWindow, .oldText, .finAgain: Outcome(.finWait1, .ack(), drop: .outsideWindow)
        case .synInWindow: Outcome(.finWait1, .ack(), drop: .challengedSyn)
        case .reset, .resetWithAck: Outcome(.closed)
        case .resetInWindow: Outcome(.finWait1, .ack(), drop: .challengedReset)
        case .resetOutsideWindow: Outcome(.finWait1, drop: .outsideWindow)
        case .nothing: Outcome(.finWait1, drop: .noAcknowledgment)
        case .ack: Outcome(.finWait2)
        case .oldAck: Outcome(.finWait1)
        case .ancientAck, .ackOfUnsentData: Outcome(.finWait1, .ack(), drop: .unacceptableAcknowledgment)
        case .text, .overlappingText: Outcome(.finWait2, .ack(3))
        case .fin: Outcome(.closing, .ack(1))
        case .finAndAck: Outcome(.timeWait, .ack(1))
        }
    }

    private static func inFinWait2(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synAgain, .synAck: Outcome(.finWait2, .ack(), drop: .outsideWindow)
        case .textOutsideWindow, .oldText, .finAgain: Outcome(.finWait2, .ack(), drop: .outsideWindow)
        case .synInWindow: Outcome(.finWait2, .ack(), drop: .challengedSyn)
        case .reset, .resetWithAck: Outcome(.closed)
        case .resetInWindow: Outcome(.finWait2, .ack(), drop: .challengedReset)
        case .resetOutsideWindow: Outcome(.finWait2, drop: .outsideWindow)
        case .nothing: Outcome(.finWait2, drop: .noAcknowledgment)
        case .ack, .oldAck: Outcome(.finWait2)
        case .ancientAck, .ackOfUnsentData: Outcome(.finWait2, .ack(), drop: .unacceptableAcknowledgment)
        case .text, .overlappingText: Outcome(.finWait2, .ack(3))
        case .fin, .finAndAck: Outcome(.timeWait, .ack(1))
        }
    }
}

// MARK: - After the peer's FIN

extension ArrivalTable {
    /// Text after a FIN is ignored; a second FIN changes nothing but is acknowledged.
    private static func inCloseWait(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synAgain, .synAck: Outcome(.closeWait, .ack(), drop: .outsideWindow)
        case .textOutsideWindow, .oldText, .finAgain: Outcome(.closeWait, .ack(), drop: .outsideWindow)
        case .synInWindow: Outcome(.closeWait, .ack(), drop: .challengedSyn)
        case .reset, .resetWithAck: Outcome(.closed)
        case .resetInWindow: Outcome(.closeWait, .ack(), drop: .challengedReset)
        case .resetOutsideWindow: Outcome(.closeWait, drop: .outsideWindow)
        case .nothing: Outcome(.closeWait, drop: .noAcknowledgment)
        case .ack, .oldAck: Outcome(.closeWait)
        case .ancientAck, .ackOfUnsentData: Outcome(.closeWait, .ack(), drop: .unacceptableAcknowledgment)
        case .text, .overlappingText: Outcome(.closeWait)
        case .fin, .finAndAck: Outcome(.closeWait, .ack())
        }
    }

    /// Only the acknowledgment of our FIN counts.
    private static func inClosing(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synAgain, .synAck: Outcome(.closing, .ack(), drop: .outsideWindow)
        case .textOutsideWindow, .oldText, .finAgain: Outcome(.closing, .ack(), drop: .outsideWindow)
        case .synInWindow: Outcome(.closing, .ack(), drop: .challengedSyn)
        case .reset, .resetWithAck: Outcome(.closed)
        case .resetInWindow: Outcome(.closing, .ack(), drop: .challengedReset)
        case .resetOutsideWindow: Outcome(.closing, drop: .outsideWindow)
        case .nothing: Outcome(.closing, drop: .noAcknowledgment)
        case .oldAck: Outcome(.closing)
        case .ancientAck, .ackOfUnsentData: Outcome(.closing, .ack(), drop: .unacceptableAcknowledgment)
        case .ack, .text, .overlappingText, .finAndAck: Outcome(.timeWait)
        case .fin: Outcome(.closing, .ack())
        }
    }

    private static func inLastAck(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synAgain, .synAck: Outcome(.lastAck, .ack(), drop: .outsideWindow)
        case .textOutsideWindow, .oldText, .finAgain: Outcome(.lastAck, .ack(), drop: .outsideWindow)
        case .synInWindow: Outcome(.lastAck, .ack(), drop: .challengedSyn)
        case .reset, .resetWithAck: Outcome(.closed)
        case .resetInWindow: Outcome(.lastAck, .ack(), drop: .challengedReset)
        case .resetOutsideWindow: Outcome(.lastAck, drop: .outsideWindow)
        case .nothing: Outcome(.lastAck, drop: .noAcknowledgment)
        case .oldAck: Outcome(.lastAck)
        case .ancientAck, .ackOfUnsentData: Outcome(.lastAck, .ack(), drop: .unacceptableAcknowledgment)
        case .ack, .text, .overlappingText, .finAndAck: Outcome(.closed)
        case .fin: Outcome(.lastAck, .ack())
        }
    }

    /// The listener is still there on the way that leads here, so a SYN that is newer than all that came before opens a
    /// new incarnation (§3.6.1, MAY-2).
    private static func inTimeWait(_ arrival: Arrival) -> Outcome {
        switch arrival {
        case .syn, .synInWindow: Outcome(.synReceived, .synAck)
        case .synAgain, .synAck: Outcome(.timeWait, .ack(), drop: .outsideWindow)
        case .text, .textOutsideWindow, .oldText, .overlappingText:
            Outcome(.timeWait, .ack(), drop: .outsideWindow)
        case .reset, .resetWithAck, .resetInWindow, .resetOutsideWindow: Outcome(.timeWait, drop: .resetInTimeWait)
        case .ack, .oldAck, .ancientAck, .ackOfUnsentData, .nothing: Outcome(.timeWait)
        case .finAgain: Outcome(.timeWait, .ack())
        case .fin, .finAndAck: Outcome(.timeWait, .ack(), drop: .outsideWindow)
        }
    }
}

import Tunstack

/// Several observers in the place of one.
final class ObserverGroup: PacketObserver {
    private let observers: [any PacketObserver]

    init(_ observers: [any PacketObserver]) {
        self.observers = observers
    }

    func observe(_ packet: RawSpan, _ passage: PacketPassage) {
        for observer in observers { observer.observe(packet, passage) }
    }

    func observe(_ transition: TransitionRecord) {
        for observer in observers { observer.observe(transition) }
    }

    func turnEnded() {
        for observer in observers { observer.turnEnded() }
    }

    func stackClosed() {
        for observer in observers { observer.stackClosed() }
    }
}

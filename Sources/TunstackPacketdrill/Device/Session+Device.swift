import Glibc
import TunstackCore
import TunstackWire

/// A packet that has left the stack, with the time of its leaving.
struct OutgoingPacket {
    let bytes: [UInt8]
    let sentAt: Instant
}

/// The network device.
extension Session {
    /// How long a packet takes from the stack to the wire. Without it an answer would leave before packetdrill has looked at the clock after
    /// the question.
    private static let transmission = Interval.microseconds(10)

    /// A packet arrives from the network; the stack has dealt with it when this returns.
    func deliver(_ packet: RawSpan) {
        monitor.locked {
            stack.receive(packet, at: now)
            settle()
        }
    }

    /// The next packet that leaves. If there is none, time goes on until there is; nil if there will never be one.
    func nextPacket() -> OutgoingPacket? {
        monitor.locked {
            var steps = 0
            while outgoing.isEmpty, steps < Self.mostSteps, let next = nextEvent {
                step(to: next)
                steps += 1
            }
            guard !outgoing.isEmpty else { return nil }
            let packet = outgoing.removeFirst()
            if packet.sentAt > now { run(until: packet.sentAt) }
            return packet
        }
    }

    /// Takes from the stack what it has to send and to tell.
    func pump() {
        repeat {
            while true {
                var sent = false
                let packet = [UInt8](rawCapacity: stack.configuration.mtu) { output in
                    sent = stack.nextTransmit(into: &output, at: now)
                }
                guard sent else { break }
                outgoing.append(OutgoingPacket(bytes: packet, sentAt: now + Self.transmission))
            }
        } while takeEvents()
    }

    /// Tells the sockets what has happened; false if nothing has.
    private func takeEvents() -> Bool {
        var hasTaken = false
        while let event = stack.nextEvent() {
            hasTaken = true
            switch event {
            case .acceptable(let listener): listeningSockets[listener]?.noteIncoming()
            case .connection(let id, let events): connectedSockets[id]?.note(events, in: self)
            }
        }
        return hasTaken
    }
}

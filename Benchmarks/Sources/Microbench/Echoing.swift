import BenchmarkSupport
import TunstackCore
import TunstackWire

/// One byte in, and back out with the acknowledgment of it.
struct Exchanging: ~Copyable, Operation {
    private var end = Established()
    private var request = Template(textLength: 1)
    private var number = Established.firstPeerNumber
    private var acknowledged: UInt32

    init() {
        acknowledged = end.firstNumber
    }

    mutating func run(_ count: Int) {
        for _ in 0..<count {
            request.set(sequenceNumber: number)
            request.set(acknowledgmentNumber: acknowledged)
            end.deliver(request)
            end.echo()
            precondition(end.transmit(), "no answer")
            number &+= 1
            acknowledged &+= 1
            end.advance(.microseconds(10))
        }
    }
}

/// A connection from SYN to FIN, with one byte there and back, and the peer the first to close.
struct Connecting: ~Copyable, Operation {
    private static let port: Port = 40_001

    private var end = Established()
    private let syn = Template.syn(from: port)
    private var acknowledgment = Template(textLength: 0, from: port)
    private var request = Template(textLength: 1, flags: [.ack, .psh], from: port)
    private var fin = Template(textLength: 0, flags: [.ack, .fin], sequenceNumber: 2, from: port)
    private var last = Template(textLength: 0, sequenceNumber: 3, from: port)

    mutating func run(_ count: Int) {
        for _ in 0..<count {
            connect()
            end.advance(.microseconds(10))
        }
    }

    private mutating func connect() {
        end.deliver(syn)
        precondition(end.transmit(), "no SYN-ACK")
        let number = end.packet.withBytes(Template.sequenceNumber) &+ 1
        acknowledgment.set(acknowledgmentNumber: number)
        end.deliver(acknowledgment)
        request.set(acknowledgmentNumber: number)
        end.deliver(request)
        end.echo()
        while end.transmit() {}
        fin.set(acknowledgmentNumber: number &+ 1)
        end.deliver(fin)
        end.echo()
        while end.transmit() {}
        last.set(acknowledgmentNumber: number &+ 2)
        end.deliver(last)
    }
}

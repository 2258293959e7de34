import TunstackCore
public import TunstackWire

/// Something that has an address in a network. Whoever has one keeps the network alive.
public protocol SimulatedNode {
    /// What names it in traces and rules.
    var id: NodeID { get }
    /// What people call it.
    var name: String { get }
    /// Its address.
    var address: IPv4Address { get }
}

/// A node as its network holds it.
protocol NodeCore: AnyObject {
    var id: NodeID { get }
    var name: String { get }
    var address: IPv4Address { get }
    /// When it wants to be called, on the network's clock; nil if it waits for nothing.
    var nextDeadline: Instant? { get }
    /// Does what is due.
    func advance()
    /// How long the packet that has just arrived at its interface waits to be handled.
    func nextReceiveDelay() -> Interval
    /// Handles a packet.
    ///
    /// - Parameters:
    ///   - number: the packet's number in the trace.
    ///   - bytes: the packet as it arrived.
    func receive(_ number: Int, _ bytes: [UInt8])
}

import TunstackCore
import TunstackLinux
import TunstackWire

/// Where a stack lives and how it behaves. The defaults are those of the `tunstack` command.
public struct TunnelOptions: Sendable {
    /// The interface to make, 1 to 15 bytes; "%d" in it lets the kernel choose a number.
    public var interfaceName = "tunstack0"
    /// The host's own address on the interface, with the length of the network's prefix, 1 to 32. The host's kernel
    /// answers at it and routes the rest of the network to the stack.
    public var hostAddress = IPv4Network(IPv4Address(10, 77, 0, 1), prefixLength: 24)
    /// The stack's address, in the same network.
    public var address = IPv4Address(10, 77, 0, 2)
    /// The largest IP packet in bytes, 68 to 65,535.
    public var mtu = 1_500
    /// Whether checksums and segmentation are left to the kernel where it agrees. Without, the stack does both.
    public var usesOffload = true
    /// What the stack waits with.
    public var eventLoop = EventLoopChoice.standard
    /// Maximum Segment Lifetime (RFC 9293 §3.4.2); TIME-WAIT lasts twice this.
    public var maximumSegmentLifetime = Interval.seconds(30)
    /// Whether to stay quiet for one MSL after the start (RFC 9293 §3.4.3).
    public var keepsQuietTime = false
    /// What connections start with unless the call that makes them says otherwise.
    public var connectionOptions = ConnectionOptions()
    /// The bounds of every table and queue.
    public var limits = Limits()

    /// The defaults: interface tunstack0, host 10.77.0.1/24, stack 10.77.0.2, MTU 1500.
    public init() {}

    /// The same as the core wants it.
    var stackConfiguration: StackConfiguration {
        var configuration = StackConfiguration(
            address: IPv4Network(address, prefixLength: hostAddress.prefixLength))
        configuration.mtu = mtu
        configuration.maximumSegmentLifetime = maximumSegmentLifetime
        configuration.keepsQuietTime = keepsQuietTime
        configuration.defaultConnectionOptions = connectionOptions
        configuration.limits = limits
        return configuration
    }

    /// Refuses addresses between which no packet would pass.
    func checkAddresses() throws(TunnelError) {
        guard hostAddress.contains(address) else { throw .addressOutsideNetwork(address, hostAddress) }
        guard address != hostAddress.address else { throw .addressIsHosts(address) }
        // Networks of /31 and /32 have neither a network nor a broadcast address (RFC 3021 §2.1).
        guard hostAddress.prefixLength > 30 || address != hostAddress.networkAddress,
            !hostAddress.isDirectedBroadcast(address)
        else { throw .addressNamesNoHost(address, hostAddress) }
    }

    /// Makes the interface, gives it the host's address and the MTU, and brings it up.
    func openDevice() throws(TunnelError) -> TunDevice {
        try checkAddresses()
        do throws(TunError) {
            let address = try InterfaceAddress(hostAddress.address.rawValue, prefixLength: hostAddress.prefixLength)
            let device = try TunDevice.open(name: interfaceName, usesOffload: usesOffload)
            try device.interface?.configure(address: address, mtu: mtu)
            return device
        } catch {
            throw .device(error)
        }
    }
}

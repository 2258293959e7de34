import CWait
import TunstackCore
import TunstackLinux
import TunstackWire

/// The driver of the stack: reads what waits, serves, writes what follows from both, sleeps.
struct Loop: ~Copyable {
    private var pump: PacketPump
    private let set: CInt
    private let clock = MonotonicClock()
    private var core: Stack
    private var services: Services

    /// Makes the device and brings it up, with the stack behind it.
    static func open(device name: String, host: IPv4Network, address: IPv4Address, offloads: Bool) throws -> Loop {
        let device = try TunDevice.open(name: name, usesOffload: offloads)
        try device.interface?.configure(
            address: InterfaceAddress(host.address.rawValue, prefixLength: host.prefixLength), mtu: 1_500)
        let set = cwait_open(device.fileDescriptor)
        guard set >= 0 else { throw SystemError(number: -set) }

        var configuration = StackConfiguration(address: IPv4Network(address, prefixLength: host.prefixLength))
        configuration.defaultConnectionOptions.noDelay = true
        configuration.transmitOffload = PacketPort.transmitOffload
        var entropy = SystemEntropy()
        let now = MonotonicClock().now()
        var core = Stack(configuration: configuration, random: &entropy, at: now)
        let services = try Services(on: &core, at: now)
        return Loop(pump: PacketPump(PacketPort(device)), set: set, core: core, services: services)
    }

    private init(pump: consuming PacketPump, set: CInt, core: consuming Stack, services: consuming Services) {
        self.pump = pump
        self.set = set
        self.core = core
        self.services = services
    }

    /// Serves until the device fails or is gone.
    mutating func run() throws {
        var isDone = true
        while true {
            if isDone { try wait() }
            let now = clock.now()
            core.advance(to: now)
            guard try pump.receive(into: &core, at: now) == .paused else { return }
            services.serve(&core, at: now)
            isDone = try pump.transmit(from: &core, at: now)
        }
    }

    /// Sleeps until a packet waits or the deadline is there.
    private func wait() throws {
        let nanoseconds = core.nextDeadline.map { max(0, $0.nanoseconds - clock.now().nanoseconds) }
        let result = cwait_wait(set, nanoseconds ?? -1)
        guard result >= 0 || -result == EINTR else { throw SystemError(number: -result) }
    }
}

/// A system call that failed.
struct SystemError: Error {
    /// What `errno` was.
    let number: CInt
}

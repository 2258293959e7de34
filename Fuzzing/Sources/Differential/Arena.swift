import TunstackLinux
import TunstackWire

/// Both hosts, at the same address.
struct Arena: ~Copyable {
    private static let address = IPv4Address(10, 77, 0, 2)
    /// How often a sequence is played for which the kernel has taken too long.
    private static let attempts = 5
    private var kernel: KernelHost
    private var stack: StackHost
    private var playedCount = 0

    /// With a kernel whose end of the device is not configured yet.
    init(_ kernel: consuming KernelHost) {
        self.kernel = kernel
        stack = StackHost(address: IPv4Network(Self.address, prefixLength: 16))
    }

    func configure() throws {
        try kernel.configure(InterfaceAddress(Self.address.rawValue, prefixLength: 16))
    }

    /// A peer for every sequence: nothing that is left of one meets the next.
    private var peer: Endpoint {
        let address = IPv4Address(rawValue: 0x0A4D_0100 + UInt32(playedCount % 60_000))
        return Endpoint(address, Port(UInt16(10_000 + playedCount / 60_000)))
    }

    /// The kernel's time does not stand still. Where its timers may have run out the sequence is played again, as what they do is no
    /// difference.
    mutating func play(_ seed: UInt64) throws -> PlayedSequence {
        let clock = ContinuousClock()
        for _ in 1..<Self.attempts {
            let start = clock.now
            let sequence = try playOnce(seed)
            if clock.now - start < .milliseconds(200) { return sequence }
        }
        return try playOnce(seed)
    }

    private mutating func playOnce(_ seed: UInt64) throws -> PlayedSequence {
        playedCount += 1
        return try PlayedSequence(seed: seed, peer: peer, at: Self.address, kernel: &kernel, stack: &stack)
    }
}

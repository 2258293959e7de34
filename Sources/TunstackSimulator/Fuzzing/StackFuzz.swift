import TunstackCore
import TunstackWire

/// A stack and a peer that sends whatever the input says. The oracles of campaigns judge what the stack does; the peer's
/// own behaviour is nobody's concern.
///
/// The input begins with the host's options and the state to begin in, which the peer brings about by the usual
/// segments. Commands follow: segments, calls, time, ICMP, damage. In the end the application leaves, and then nothing
/// may be left.
struct StackFuzz {
    private var input: FuzzInput
    /// An input of more decisions takes long and shows nothing new.
    private static let commandLimit = 150
    /// Deadlines that may pass until everything is over.
    private static let stepLimit = 20_000

    init(_ input: [UInt8]) {
        self.input = FuzzInput(input)
    }

    func play(keeping level: TraceLevel) -> (findings: [String], trace: PacketTrace) {
        var input = input
        let stage = StackFuzzStage(
            HostPlan(from: &input), peerOptions: TCPOptions(from: &input), keeping: level)
        stage.reach(input.pick(State.allCases), actively: input.isSet())
        for _ in 0..<Self.commandLimit where !input.isEmpty && stage.isClean { stage.obey(&input) }
        return (stage.finish(within: Self.stepLimit), stage.trace)
    }
}

extension HostPlan {
    /// Options that make a difference to what a segment does.
    fileprivate init(from input: inout FuzzInput) {
        self.init()
        let bits = input.byte()
        options.timestamps = bits & 1 == 0
        options.selectiveAcknowledgment = bits & 2 == 0
        options.ecn = bits & 4 != 0
        options.noDelay = bits & 8 != 0
        options.pacing = bits & 16 == 0
        if bits & 32 != 0 { options.keepAlive = KeepAlive() }
        if bits & 64 != 0 { options.userTimeout = .seconds(30) }
        if bits & 128 != 0 { options.pathMTUProbing = .always }
        mtu = input.pick([1_500, 576, 9_000])
        options.congestion = input.pick([.cubic, .newReno, .bbr])
        options.receiveBufferBytes = input.pick([480 << 10, 1, 10, 500, 4_096, 65_535, 1 << 20])
        options.maximumReceiveBufferBytes = input.pick([6 << 20, 1, 5_000])
        options.sendBufferBytes = input.pick([480 << 10, 1, 700, 10_000])
        options.maximumSendBufferBytes = input.pick([16 << 20, 1, 100_000])
        if let scale = input.pick([nil, 0, 3, 14] as [UInt8?]) { options.windowScale = scale }
    }
}

extension TCPOptions {
    /// What a peer's SYN offers.
    fileprivate init(from input: inout FuzzInput) {
        let bits = input.byte()
        self.init(
            maximumSegmentSize: input.pick([1_460, nil, 0, 1, 88, 536, 65_535]),
            windowScale: input.pick([7, nil, 0, 14, 15, 255]), sackPermitted: bits & 1 == 0,
            timestamps: bits & 2 == 0 ? TCPTimestamps(value: 1, echoReply: 0) : nil)
    }
}

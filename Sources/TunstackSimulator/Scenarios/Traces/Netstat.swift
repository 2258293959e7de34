import TunstackCore

extension SimulatedHost {
    /// Everything that has a state, a line each, as `netstat -tan` shows it.
    public var netstat: [String] {
        let head = Self.row("Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State")
        return [head]
            + listing.map { line in
                Self.row(
                    "tcp", "\(line.receiveQueue)", "\(line.sendQueue)", "\(line.local)",
                    line.remote.map { "\($0)" } ?? "*:*", "\(line.state)")
            }
    }

    private static func row(
        _ name: String, _ received: String, _ sent: String, _ local: String, _ remote: String, _ state: String
    ) -> String {
        "  " + name.padded(to: 6) + received.padded(toLeftOf: 6) + " " + sent.padded(toLeftOf: 6) + "  "
            + local.padded(to: 22)
            + remote.padded(to: 22) + state
    }
}

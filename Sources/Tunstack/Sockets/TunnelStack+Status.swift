import TunstackCore

/// STATUS (RFC 9293 §3.9.1.5), and the options that can change while a connection lives.
extension TunnelStack {
    func status(of id: ConnectionID) -> ConnectionStatus? { driver.core.status(id) }

    func options(of id: ConnectionID) throws(ConnectionError) -> ConnectionOptions {
        try driver.core.options(of: id)
    }

    func setOptions(_ options: ConnectionOptions, of id: ConnectionID) throws(ConnectionError) {
        try driver.core.setOptions(options, of: id, at: clock.now())
        settle()
    }
}

import Tunstack

// Calls whose errors a test is about: each returns what the call throws, nil if it succeeds.

extension TunnelStack {
    nonisolated func connectError(
        to remote: Endpoint = StackPair.echo, from local: Endpoint? = nil, options: ConnectionOptions? = nil
    ) async -> ConnectError? {
        do throws(ConnectError) {
            _ = try await connect(to: remote, from: local, options: options)
            return nil
        } catch {
            return error
        }
    }

    nonisolated func bindError(on local: Endpoint) async -> BindError? {
        do throws(BindError) {
            _ = try await listen(on: local)
            return nil
        } catch {
            return error
        }
    }
}

extension TCPListener {
    func acceptError() async -> AcceptError? {
        do throws(AcceptError) {
            _ = try await accept()
            return nil
        } catch {
            return error
        }
    }
}

extension TCPConnection {
    func readError() async -> ReadError? {
        do throws(ReadError) {
            _ = try await read()
            return nil
        } catch {
            return error
        }
    }

    func writeError(_ bytes: [UInt8] = [1]) async -> WriteError? {
        do throws(WriteError) {
            try await write(bytes)
            return nil
        } catch {
            return error
        }
    }

    func optionsError() async -> ConnectionError? {
        do throws(ConnectionError) {
            _ = try await options()
            return nil
        } catch {
            return error
        }
    }
}

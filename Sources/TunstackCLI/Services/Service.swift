import Synchronization
import Tunstack

/// One of the small services, at one port.
final class Service: Sendable {
    /// Which service it is.
    enum Kind: String, Sendable {
        /// What comes goes back (RFC 862).
        case echo
        /// What comes is thrown away (RFC 863).
        case discard
        /// Lines of characters without end (RFC 864).
        case chargen
    }

    let kind: Kind
    let port: Port
    private let listener: TunnelGroupListener
    private let served = Atomic(0)
    private let failed = Atomic(0)

    /// Starts to listen.
    ///
    /// - Throws: ``CommandFailure`` if the port cannot be had.
    init(_ kind: Kind, port: Port, at address: IPv4Address, on group: TunnelGroup, backlog: Int)
        async throws(CommandFailure)
    {
        self.kind = kind
        self.port = port
        var options = ListenerOptions()
        options.backlog = backlog
        let endpoint = Endpoint(address, port)
        do throws(BindError) {
            listener = try await group.listen(on: endpoint, options: options)
        } catch {
            throw CommandFailure("\(kind.rawValue) cannot listen on \(endpoint) (\(error)): choose another port")
        }
    }

    /// Where it listens.
    var endpoint: Endpoint { listener.localEndpoint }

    /// Serves until the listener is closed and the last connection has ended.
    func run() async {
        do throws(AcceptError) {
            try await listener.forEachConnection { await self.serve($0) }
        } catch {
            // Cancelled: the program ends.
            return
        }
    }

    /// What it has done, for the summary at the end.
    var summary: String {
        let errors = failed.load(ordering: .relaxed)
        let connections = served.load(ordering: .relaxed)
        return "\(kind.rawValue) \(port): \(connections) connections"
            + (errors == 0 ? "" : ", \(errors) of them ended by an error")
    }

    private nonisolated(nonsending) func serve(_ connection: TCPConnection) async {
        served.add(1, ordering: .relaxed)
        do {
            switch kind {
            case .echo: try await echo(connection)
            case .discard: try await discard(connection)
            case .chargen: try await generateCharacters(connection)
            }
            await connection.close()
        } catch {
            // A peer that resets or vanishes is its own business; the connection is gone or is aborted now.
            failed.add(1, ordering: .relaxed)
            await connection.abort()
        }
    }
}

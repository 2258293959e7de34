import TunstackCore
import TunstackWire

/// What the connections do, driven by the core's events.
struct Services: ~Copyable {
    private enum Kind {
        case discard
        case source
        case echo
    }

    private static let chunk = 256 * 1_024

    private var listeners: [ListenerID: Kind] = [:]
    /// Of each connection, at the index of its handle.
    private var kinds: [Kind] = []
    private let text = [UInt8](repeating: UInt8(ascii: "x"), count: chunk)

    init(on core: inout Stack, at now: Instant) throws(ListenError) {
        var options = ListenerOptions()
        options.backlog = 4_096
        for (port, kind) in [(9, Kind.discard), (19, .source), (9_877, .echo)] {
            let listener = try core.listen(
                on: Endpoint(IPAddress.unspecified, Port(UInt16(port))), options: options, at: now)
            listeners[listener] = kind
        }
    }

    /// Does what the core's events ask for, until there are none.
    mutating func serve(_ core: inout Stack, at now: Instant) {
        while let event = core.nextEvent() {
            switch event {
            case .acceptable(let listener):
                guard let kind = listeners[listener] else { continue }
                while let id = core.accept(listener) {
                    note(kind, of: id)
                    serve(id, of: &core, at: now)
                }
            case .connection(let id, _):
                serve(id, of: &core, at: now)
            }
        }
    }

    private mutating func note(_ kind: Kind, of id: ConnectionID) {
        let index = Int(id.index)
        if index >= kinds.count { kinds += Array(repeating: kind, count: index + 1 - kinds.count) }
        kinds[index] = kind
    }

    private mutating func serve(_ id: ConnectionID, of core: inout Stack, at now: Instant) {
        let isOpen: Bool
        do {
            switch kinds[Int(id.index)] {
            case .discard: isOpen = try discard(id, of: &core, at: now)
            case .source: isOpen = try send(on: id, of: &core, at: now)
            case .echo: isOpen = try echo(id, of: &core, at: now)
            }
        } catch {
            // The peer has reset it or vanished.
            isOpen = false
        }
        if !isOpen { core.release(id, at: now) }
    }

    // Each says whether the peer may send more.

    private func discard(_ id: ConnectionID, of core: inout Stack, at now: Instant) throws(ConnectionError) -> Bool {
        while true {
            switch try core.receive(on: id, at: now, { $0.byteCount + $1.byteCount }) {
            case .bytes: continue
            case .wouldBlock: return true
            case .endOfStream: return false
            }
        }
    }

    private func send(on id: ConnectionID, of core: inout Stack, at now: Instant) throws(ConnectionError) -> Bool {
        while try core.send(unsafe text.span.bytes, on: id, at: now) == text.count {}
        return try discard(id, of: &core, at: now)
    }

    private func echo(_ id: ConnectionID, of core: inout Stack, at now: Instant) throws(RelayError) -> Bool {
        while true {
            switch try core.relay(from: id, to: id, at: now) {
            case .bytes(0), .wouldBlock: return true
            case .bytes: continue
            case .endOfStream: return false
            }
        }
    }
}

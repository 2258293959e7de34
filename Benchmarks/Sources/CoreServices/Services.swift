import BenchmarkSupport
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
    private var kinds: [ConnectionID: Kind] = [:]
    /// What an echo could not send at once.
    private var rests: [ConnectionID: [UInt8]] = [:]
    private var scratch = Block(capacity: chunk)
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
                while let id = core.accept(listener) {
                    kinds[id] = listeners[listener]
                    serve(id, of: &core, at: now)
                }
            case .connection(let id, _):
                serve(id, of: &core, at: now)
            }
        }
    }

    private mutating func serve(_ id: ConnectionID, of core: inout Stack, at now: Instant) {
        guard let kind = kinds[id] else { return }
        let isOpen: Bool
        do throws(ConnectionError) {
            switch kind {
            case .discard: isOpen = try discard(id, of: &core, at: now)
            case .source: isOpen = try send(on: id, of: &core, at: now)
            case .echo: isOpen = try echo(id, of: &core, at: now)
            }
        } catch {
            // The peer has reset it or vanished.
            isOpen = false
        }
        guard !isOpen else { return }
        kinds[id] = nil
        rests[id] = nil
        core.release(id, at: now)
    }

    /// Whether the peer may send more.
    private mutating func discard(
        _ id: ConnectionID, of core: inout Stack, at now: Instant
    ) throws(ConnectionError) -> Bool {
        while true {
            switch try Self.receive(into: &scratch, on: id, of: &core, at: now) {
            case .bytes: continue
            case .wouldBlock: return true
            case .endOfStream: return false
            }
        }
    }

    private mutating func send(on id: ConnectionID, of core: inout Stack, at now: Instant) throws(ConnectionError)
        -> Bool
    {
        while try core.send(unsafe text.span.bytes, on: id, at: now) == text.count {}
        return try discard(id, of: &core, at: now)
    }

    private mutating func echo(_ id: ConnectionID, of core: inout Stack, at now: Instant) throws(ConnectionError)
        -> Bool
    {
        if let rest = rests[id] {
            let sent = try core.send(unsafe rest.span.bytes, on: id, at: now)
            guard sent == rest.count else {
                rests[id] = Array(rest[sent...])
                return true
            }
            rests[id] = nil
        }
        while true {
            switch try Self.receive(into: &scratch, on: id, of: &core, at: now) {
            case .bytes: break
            case .wouldBlock: return true
            case .endOfStream: return false
            }
            let sent = try Self.send(scratch, on: id, of: &core, at: now)
            guard sent == scratch.count else {
                rests[id] = scratch.withBytes { bytes in
                    Array(bytes.extracting(sent...))
                }
                return true
            }
        }
    }

    private static func receive(
        into scratch: inout Block, on id: ConnectionID, of core: inout Stack, at now: Instant
    ) throws(ConnectionError) -> ReceiveResult {
        try scratch.fill { output throws(ConnectionError) in try core.receive(into: &output, on: id, at: now) }
    }

    private static func send(
        _ scratch: borrowing Block, on id: ConnectionID, of core: inout Stack, at now: Instant
    ) throws(ConnectionError) -> Int {
        try scratch.withBytes { bytes throws(ConnectionError) in try core.send(bytes, on: id, at: now) }
    }
}

extension Array<UInt8> {
    /// A copy of the bytes.
    fileprivate init(_ bytes: RawSpan) {
        self = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
}

import TunstackWire

/// The source routes of the few connections that have one (RFC 9293 §3.9.2.1), from the SYN to the end of TIME-WAIT. They are no part of
/// the blocks, which are many; there are never more of them than four-tuples in the connection table.
struct RouteTable {
    private var routes: [ConnectionKey: SourceRoute] = [:]

    /// The hosts through which our segments go; nil if they go as IP thinks best.
    @inline(__always)
    subscript(key: ConnectionKey) -> SourceRoute? {
        get { routes.isEmpty ? nil : routes[key] }
        set { if newValue != nil || !routes.isEmpty { routes[key] = newValue } }
    }
}

extension NegotiatedOptions {
    /// From now on this route, or none, takes up room in the IP header.
    mutating func makeRoom(for route: SourceRoute?) { routeBytes = UInt8(route?.optionBytes ?? 0) }
}

import TunstackWire

/// Source routes (RFC 9293 §3.9.2.1).
extension Connection {
    /// A segment that was accepted has come by a route. What a passively opened connection sends goes back by it (MUST-53), by the latest
    /// where they differ (SHLD-24), unless the application has named one (MUST-52).
    mutating func takeReturnRoute(of arriving: SourceRoute, _ environment: inout Environment) {
        let back = arriving.reversed
        guard origin == .passive, options.sourceRoute == nil, back != environment.routes[key] else { return }
        environment.routes[key] = back
        negotiated.makeRoom(for: back)
        // Segments may be larger than there is room for now.
        lowerPathMTU(to: pathMTU, &environment)
    }
}

/// Whether a connection finds out for itself how large a packet the path carries (RFC 4821, RFC 8899), beside what
/// routers say (RFC 1191), who may be silent (RFC 2923 §2.1).
public enum PathMTUProbing: Hashable, Sendable {
    /// Never: only routers lower the path MTU, and nothing raises it.
    case off
    /// When full-sized segments time out again and again, smaller ones are tried; what was lowered, so or by a
    /// router, is raised again by probes.
    case onBlackHole
    /// Begins with segments of 1,024 bytes and probes for larger ones from the start. Needs selective acknowledgment;
    /// without, it is `onBlackHole`.
    case always
}

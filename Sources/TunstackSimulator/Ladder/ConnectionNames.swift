import TunstackCore
import TunstackWire

/// Tells the connections of one ladder apart: by the port on the left if that is enough, else by both.
enum ConnectionNames {
    /// There is only one.
    case none
    case leftPort
    case bothPorts

    /// - Parameter keys: those of the connections, seen from the left, in any number of copies.
    init(_ keys: [ConnectionKey]) {
        let connections = Set(keys.filter { !$0.isListener })
        if connections.count < 2 {
            self = .none
        } else {
            self = Set(connections.map(\.local.port)).count == connections.count ? .leftPort : .bothPorts
        }
    }

    /// What stands in front of everything that concerns a connection.
    func name(left: Port, right: Port) -> String {
        switch self {
        case .none: ""
        case .leftPort: ":\(left) "
        case .bothPorts: ":\(left)/:\(right) "
        }
    }
}

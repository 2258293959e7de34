import Tunstack

/// Connections as `netstat -tan` lists them.
enum ConnectionListing {
    /// A heading and a line for each connection, in columns.
    static func text(of connections: [ConnectionSummary]) -> String {
        let heading = ["Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State"]
        let rows = connections.map { connection in
            [
                "tcp", "\(connection.receiveQueue)", "\(connection.sendQueue)", "\(name(of: connection.local))",
                connection.remote.map(name) ?? "*:*", "\(connection.state)",
            ]
        }
        return ([heading] + rows).map(line).joined(separator: "\n")
    }

    /// Column widths that fit the longest IPv4 endpoint, `255.255.255.255:65535`. Numbers stand to the right.
    private static func line(of cells: [String]) -> String {
        let widths = [5, 6, 6, 21, 21, 0]
        return zip(cells, widths).enumerated().map { column, cell in
            let (text, width) = cell
            let padding = String(repeating: " ", count: max(0, width - text.count))
            return column == 1 || column == 2 ? padding + text : text + padding
        }
        .joined(separator: " ")
    }

    private static func name(of endpoint: Endpoint) -> String {
        endpoint.address == .unspecified ? "*:\(endpoint.port)" : endpoint.description
    }
}

/// Levels and names of socket options, by Linux's numbers (`asm-generic/socket.h`, `linux/tcp.h`, `linux/in.h`).
enum OptionLevel {
    static let ip: Int32 = 0
    static let socket: Int32 = 1
    static let tcp: Int32 = 6
}

enum SocketOption {
    static let reuseAddress: Int32 = 2
    static let type: Int32 = 3
    static let error: Int32 = 4
    static let sendBuffer: Int32 = 7
    static let receiveBuffer: Int32 = 8
    static let keepAlive: Int32 = 9
    static let linger: Int32 = 13
    static let receiveLowWater: Int32 = 18
    static let sendLowWater: Int32 = 19
    static let receiveTimeout: Int32 = 20
    static let sendTimeout: Int32 = 21
    static let acceptsConnections: Int32 = 30
    static let sendBufferForce: Int32 = 32
    static let receiveBufferForce: Int32 = 33
    static let protocolNumber: Int32 = 38
    static let domain: Int32 = 39
    static let maximumPacingRate: Int32 = 47
    static let memoryInfo: Int32 = 55
}

enum TCPOptionName {
    static let noDelay: Int32 = 1
    static let maximumSegment: Int32 = 2
    static let cork: Int32 = 3
    static let keepIdle: Int32 = 4
    static let keepInterval: Int32 = 5
    static let keepCount: Int32 = 6
    static let synCount: Int32 = 7
    static let linger2: Int32 = 8
    static let deferAccept: Int32 = 9
    static let windowClamp: Int32 = 10
    static let info: Int32 = 11
    static let quickAcknowledgment: Int32 = 12
    static let congestion: Int32 = 13
    static let userTimeout: Int32 = 18
    static let fastOpen: Int32 = 23
    static let notSentLowWater: Int32 = 25
    static let congestionInfo: Int32 = 26
    static let fastOpenConnect: Int32 = 30
    static let queueLength: Int32 = 36
}

enum IPOptionName {
    static let typeOfService: Int32 = 1
    static let timeToLive: Int32 = 2
    static let mtuDiscovery: Int32 = 10
    static let receiveErrors: Int32 = 11
    static let mtu: Int32 = 14
}

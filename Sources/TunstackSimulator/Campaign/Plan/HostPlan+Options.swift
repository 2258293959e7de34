import TunstackCore

/// Options that are no plain values: text leaves out what has its default, and some defaults depend on other options.
extension ConnectionOptions {
    /// The scale that is offered unless told otherwise, with the receive buffer of other options.
    func windowScale(besides other: ConnectionOptions) -> UInt8? {
        var options = self
        options.receiveBufferBytes = other.receiveBufferBytes
        options.maximumReceiveBufferBytes = other.maximumReceiveBufferBytes
        return options.windowScale
    }

    /// Offers this window scale. One that would be offered anyway is not a choice.
    mutating func offer(_ scale: UInt8?) {
        if scale != windowScale { windowScale = scale }
    }
}

extension PathMTUProbing {
    /// What text calls it; nil for the default.
    var word: String? {
        switch self {
        case .off: "off"
        case .onBlackHole: nil
        case .always: "always"
        }
    }
}

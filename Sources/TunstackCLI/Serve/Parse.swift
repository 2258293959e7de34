import ArgumentParser
import Tunstack

/// Reads the values of options. What is wrong with one is said in words; ArgumentParser adds which option it was.
enum Parse {
    static func port(_ text: String) throws -> Port {
        guard let number = UInt16(text), number > 0 else {
            throw ValidationError("\(text) is no port: a port is a number from 1 to 65535")
        }
        return Port(number)
    }

    static func address(_ text: String) throws -> IPv4Address {
        guard let address = IPv4Address(text) else {
            throw ValidationError("\(text) is no IPv4 address: one looks like 10.77.0.2")
        }
        return address
    }

    static func network(_ text: String) throws -> IPv4Network {
        guard let network = IPv4Network(text) else {
            throw ValidationError("\(text) is no IPv4 address with a prefix length: one looks like 10.77.0.1/24")
        }
        return network
    }

    static func congestion(_ text: String) throws -> CongestionAlgorithm {
        guard let algorithm = CongestionAlgorithm(rawValue: text.lowercased()) else {
            let known = CongestionAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(text) is no congestion control here: take one of \(known)")
        }
        return algorithm
    }

    static func eventLoop(_ text: String) throws -> EventLoopName {
        guard let name = EventLoopName(rawValue: text) else {
            let known = EventLoopName.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(text) is no event loop here: take one of \(known)")
        }
        return name
    }

    static func segmentLifetime(_ text: String) throws -> Interval {
        guard let seconds = Int64(text), [30, 60, 120].contains(seconds) else {
            throw ValidationError("\(text) is no MSL in use: take 30, 60 or 120 seconds")
        }
        return .seconds(seconds)
    }

    static func keepAlive(_ text: String) throws -> KeepAlive {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int64($0) }
        guard numbers.count == parts.count, (1...3).contains(numbers.count), numbers.allSatisfy({ $0 > 0 }),
            numbers.allSatisfy({ $0 <= maximumSeconds }), numbers.count < 3 || numbers[2] <= UInt8.max
        else {
            throw ValidationError(
                "\(text) is no keep-alive setting: give seconds, seconds and a count up to 255, such as 7200,75,10")
        }
        var keepAlive = KeepAlive()
        keepAlive.idle = .seconds(numbers[0])
        if numbers.count > 1 { keepAlive.interval = .seconds(numbers[1]) }
        if numbers.count > 2 { keepAlive.probes = UInt8(numbers[2]) }
        return keepAlive
    }

    /// A year: enough for every purpose, and far from overflow.
    private static let maximumSeconds: Int64 = 366 * 24 * 3_600
}

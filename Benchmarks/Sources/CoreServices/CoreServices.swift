import Glibc
import TunstackCore
import TunstackLinux
import TunstackWire

/// Discard (port 9), a source without end (port 19) and echo (port 9877) on the core alone, in one plain loop over epoll: what
/// the stack can do when nothing is between it and its user.
///
///     core-services DEVICE HOST-ADDRESS/PREFIX ADDRESS plain|offloads
///
/// Makes the device, prints "ready" and ends by a signal.
@main
struct CoreServices {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 4, ["plain", "offloads"].contains(arguments[3]), let host = IPv4Network(arguments[1]),
            let address = IPv4Address(arguments[2])
        else {
            fail("usage: core-services DEVICE HOST-ADDRESS/PREFIX ADDRESS plain|offloads", code: 2)
        }
        do {
            var loop = try Loop.open(
                device: arguments[0], host: host, address: address, offloads: arguments[3] == "offloads")
            print("ready")
            fflush(nil)
            try loop.run()
        } catch {
            fail("core-services: \(error)", code: 1)
        }
    }

    private static func fail(_ message: String, code: CInt) -> Never {
        print(message)
        fflush(nil)
        exit(code)
    }
}

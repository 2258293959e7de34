public import Glibc
import TunstackCore

/// Where packetdrill begins: makes a session and fills the table of functions with which packetdrill calls it.
///
/// - Parameters:
///   - flags: the text of `--so_flags` (see `Profile`), or nil.
///   - table: room for `SlotTable.byteCount` bytes, all zero.
@c(packetdrill_interface_init)
public func packetdrillInterfaceInit(_ flags: UnsafePointer<CChar>?, _ table: UnsafeMutableRawPointer?) {
    guard let table = unsafe table else { return }
    let session = unsafe Session(flags: flags.map { unsafe String(cString: $0) } ?? "")
    Sessions.all.add(session)
    // What the script starts has no use for the getsockopt below.
    unsafe unsetenv("LD_PRELOAD")
    let slots = unsafe SlotTable(at: table)
    unsafe slots.put(userData: Unmanaged.passRetained(session).toOpaque())
    slots.putSocketCalls()
    slots.putTransferCalls()
    slots.putWorldCalls()
}

/// getsockopt(2), for a packetdrill into which this library is loaded first (`LD_PRELOAD`): what a script asserts about a connection
/// it asks of the host, not of the plug-in. Sockets of a session are answered here, all others by the host.
///
/// - Returns: 0, or -1 and `errno`.
@c(getsockopt)
public func interposedGetsockopt(
    _ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: UnsafeMutableRawPointer?,
    _ length: UnsafeMutablePointer<socklen_t>?
) -> Int32 {
    guard let session = Sessions.all.owner(of: descriptor) else {
        return unsafe hostGetsockopt(descriptor, level, name, value, length)
    }
    return answer { () throws(Errno) in
        try unsafe session.tellOption(descriptor, level: level, name: name, value, length)
        return 0
    }
}

private typealias Getsockopt =
    @convention(c) (
        Int32, Int32, Int32, UnsafeMutableRawPointer?, UnsafeMutablePointer<socklen_t>?
    ) -> Int32

/// The host's function: the next one of that name after this library's.
private func hostGetsockopt(
    _ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: UnsafeMutableRawPointer?,
    _ length: UnsafeMutablePointer<socklen_t>?
) -> Int32 {
    // RTLD_NEXT.
    guard let symbol = unsafe dlsym(UnsafeMutableRawPointer(bitPattern: -1), "getsockopt") else {
        errno = ENOSYS
        return -1
    }
    return unsafe unsafeBitCast(symbol, to: Getsockopt.self)(descriptor, level, name, value, length)
}

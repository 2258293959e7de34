import Glibc
import TunstackCore

/// The table that packetdrill calls through: 33 pointers, each at its place. Every place is filled, since a call through an empty one would
/// end the process.
@safe struct SlotTable {
    /// The places, in packetdrill's order.
    enum Slot: Int, CaseIterable {
        case userData, free, socket, bind, listen, accept, connect, read, readVector, receive, receiveFrom,
            receiveMessage
        case write, writeVector, send, sendTo, sendMessage, descriptorControl, deviceControl, close, shutDown
        case getOption, setOption, poll, deviceSend, deviceReceive, sleep, clock, makePollSet, controlPollSet
        case waitForPollSet, pipe, splice
    }

    private let table: UnsafeMutableRawPointer

    /// The length in bytes of the table.
    static let byteCount = Slot.allCases.count * MemoryLayout<Int>.stride

    init(at table: UnsafeMutableRawPointer) {
        unsafe self.table = table
    }

    /// What every call brings along.
    func put(userData: UnsafeMutableRawPointer) {
        unsafe table.storeBytes(of: userData, as: UnsafeMutableRawPointer.self)
    }

    /// A C function at its place.
    func put<Function>(_ function: Function, at slot: Slot) {
        let pointer = unsafe unsafeBitCast(function, to: UnsafeRawPointer.self)
        unsafe table.storeBytes(
            of: pointer, toByteOffset: slot.rawValue * MemoryLayout<Int>.stride, as: UnsafeRawPointer.self)
    }
}

/// What every function gets first: the session.
typealias UserData = UnsafeMutableRawPointer?

extension Session {
    /// The session behind what a function got.
    static func of(_ userData: UserData) -> Session {
        guard let userData = unsafe userData else { preconditionFailure("a call without a session") }
        return unsafe Unmanaged<Session>.fromOpaque(userData).takeUnretainedValue()
    }
}

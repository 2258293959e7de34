import Glibc
import TunstackCore
import TunstackWire

/// Functions for the network, for time, and for waiting.
extension SlotTable {
    func putWorldCalls() {
        unsafe put(Self.deviceSend, at: .deviceSend)
        unsafe put(Self.deviceReceive, at: .deviceReceive)
        unsafe put(Self.sleep, at: .sleep)
        unsafe put(Self.clock, at: .clock)
        unsafe put(Self.poll, at: .poll)
        unsafe put(Self.makePollSet, at: .makePollSet)
        unsafe put(Self.controlPollSet, at: .controlPollSet)
        unsafe put(Self.waitForPollSet, at: .waitForPollSet)
        unsafe put(Self.free, at: .free)
    }

    private static let free: @convention(c) (UserData) -> Void = { data in
        guard let data = unsafe data else { return }
        let session = unsafe Unmanaged<Session>.fromOpaque(data).takeRetainedValue()
        Sessions.all.remove(session)
    }

    private static let deviceSend: @convention(c) (UserData, UnsafeRawPointer?, Int) -> Int32 = { data, packet, count in
        guard let packet = unsafe packet, count > 0 else {
            errno = EFAULT
            return -1
        }
        unsafe Session.of(data).deliver(RawSpan(_unsafeStart: packet, byteCount: count))
        return 0
    }

    private static let deviceReceive:
        @convention(c) (UserData, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<Int64>?)
            -> Int32 = { data, buffer, count, time in
                guard let buffer = unsafe buffer, let count = unsafe count, let time = unsafe time else {
                    errno = EFAULT
                    return -1
                }
                guard let packet = unsafe Session.of(data).nextPacket() else {
                    unsafe count.pointee = 0
                    return 0
                }
                let length = unsafe min(count.pointee, packet.bytes.count)
                unsafe packet.bytes.withUnsafeBytes { source in
                    guard let base = source.baseAddress else { return }
                    unsafe buffer.copyMemory(from: base, byteCount: length)
                }
                unsafe count.pointee = length
                unsafe time.pointee = packet.sentAt.nanoseconds / 1_000
                return 0
            }

    private static let sleep: @convention(c) (UserData, useconds_t) -> Int32 = { data, microseconds in
        unsafe Session.of(data).sleep(.microseconds(Int64(microseconds)))
        return 0
    }

    private static let clock:
        @convention(c) (UserData, UnsafeMutablePointer<timeval>?, UnsafeMutableRawPointer?) -> Int32 = {
            data, time, _ in
            guard let time = unsafe time else {
                errno = EFAULT
                return -1
            }
            let microseconds = unsafe Session.of(data).readClock().nanoseconds / 1_000
            unsafe time.pointee = timeval(
                tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
            return 0
        }

    private static let poll: @convention(c) (UserData, UnsafeMutableRawPointer?, UInt, Int32) -> Int32 = {
        data, entries, count, timeout in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in
                try unsafe session.poll(entries, count: Int(clamping: count), timeout: timeout)
            }
        }
    }

    private static let makePollSet: @convention(c) (UserData, Int32) -> Int32 = { data, size in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            try session.monitor.locked { () throws(Errno) in try session.makePollSet(size: size) }
        }
    }

    private static let controlPollSet: @convention(c) (UserData, Int32, Int32, Int32, UnsafeRawPointer?) -> Int32 = {
        data, set, operation, target, event in
        let session = unsafe Session.of(data)
        return answer { () throws(Errno) in
            let events = unsafe event?.loadUnaligned(as: UInt32.self) ?? 0
            let value = unsafe event?.loadUnaligned(fromByteOffset: EventLayout.dataOffset, as: UInt64.self) ?? 0
            if unsafe event == nil, operation != PollOperation.remove { throw Errno(EFAULT) }
            try session.monitor.locked { () throws(Errno) in
                try session.control(set, operation: operation, target, events: events, data: value)
            }
            return 0
        }
    }

    private static let waitForPollSet:
        @convention(c) (UserData, Int32, UnsafeMutableRawPointer?, Int32, Int32) -> Int32 = {
            data, set, events, most, timeout in
            let session = unsafe Session.of(data)
            guard let events = unsafe events else {
                errno = EFAULT
                return -1
            }
            return answer { () throws(Errno) in
                try session.monitor.locked { () throws(Errno) in
                    try session.waitForEvents(set, most: most, timeout: timeout) { index, mask, value in
                        let place = unsafe events + index * EventLayout.stride
                        unsafe place.storeBytes(of: mask, as: UInt32.self)
                        unsafe place.storeBytes(of: value, toByteOffset: EventLayout.dataOffset, as: UInt64.self)
                    }
                }
            }
        }
}

/// `struct epoll_event`: packed on x86-64 alone.
private enum EventLayout {
    #if arch(x86_64)
        static let dataOffset = 4
        static let stride = 12
    #else
        static let dataOffset = 8
        static let stride = 16
    #endif
}

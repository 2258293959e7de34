import Glibc
import Testing
import TunstackLinux

@Suite("Errno")
struct ErrnoTests {
    @Test("an error number is shown with its symbol and its meaning")
    func knownNumber() {
        #expect(Errno(rawValue: EBUSY).description == "EBUSY: Device or resource busy")
        #expect(Errno(rawValue: EPERM).description == "EPERM: Operation not permitted")
    }

    @Test("a number that the C library does not know is shown as a number", arguments: [-1, 4096])
    func unknownNumber(number: CInt) {
        #expect(Errno(rawValue: number).description == "errno \(number)")
    }
}

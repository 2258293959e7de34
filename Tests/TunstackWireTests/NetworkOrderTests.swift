import Testing
import TunstackWire

@Suite("Bytes in network order")
struct NetworkOrderTests {
    @Test("numbers are read most significant byte first, at every alignment", arguments: 0..<12)
    func loads(offset: Int) {
        countingBytes(16).withRawSpan { span in
            let first = UInt32(offset)
            #expect(span.byte(at: offset) == UInt8(offset))
            #expect(span.bigEndianUInt16(at: offset) == UInt16(first << 8 | (first + 1)))
            #expect(
                span.bigEndianUInt32(at: offset)
                    == first << 24 | (first + 1) << 16 | (first + 2) << 8 | (first + 3))
        }
    }

    @Test("numbers are appended most significant byte first, at every alignment", arguments: 0..<8)
    func stores(offset: Int) {
        let bytes = [UInt8](rawCapacity: 2048) { output in
            output.appendZeros(count: offset)
            output.appendBigEndian(UInt16(0x0102))
            output.appendBigEndian(UInt32(0x0304_0506))
        }
        #expect(bytes == Array(repeating: 0, count: offset) + [1, 2, 3, 4, 5, 6])
    }

    @Test("bytes are copied behind what is there, up to the last free one")
    func copies() {
        let bytes = [UInt8](rawCapacity: 10) { output in
            output.append(7)
            countingBytes(8).withRawSpan { output.append(bytes: $0) }
            [UInt8]().withRawSpan { output.append(bytes: $0) }
            output.appendZeros(count: 1)
            output.appendZeros(count: 0)
        }
        #expect(bytes == [7, 0, 1, 2, 3, 4, 5, 6, 7, 0])
    }

    @Test("reading beyond the end stops the program instead of reading other memory", arguments: [-1, 13, 16, Int.max])
    func outOfBounds(offset: Int) async {
        await #expect(processExitsWith: .failure) { [offset] in
            countingBytes(16).withRawSpan { _ = $0.bigEndianUInt32(at: offset) }
        }
    }

    @Test("writing beyond the end stops the program instead of writing other memory")
    func overflow() async {
        await #expect(processExitsWith: .failure) {
            _ = [UInt8](rawCapacity: 3) { $0.appendBigEndian(UInt32(1)) }
        }
        await #expect(processExitsWith: .failure) {
            _ = [UInt8](rawCapacity: 3) { output in
                countingBytes(4).withRawSpan { output.append(bytes: $0) }
            }
        }
    }
}

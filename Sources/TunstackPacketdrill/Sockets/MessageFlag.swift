/// Flags of send(2) and recv(2), by Linux's numbers.
enum MessageFlag {
    static let outOfBand: Int32 = 0x1
    static let peek: Int32 = 0x2
    static let doNotWait: Int32 = 0x40
    static let endOfRecord: Int32 = 0x80
    static let waitAll: Int32 = 0x100
    static let truncate: Int32 = 0x20
    static let errorQueue: Int32 = 0x2000
    static let more: Int32 = 0x8000
    static let fastOpen: Int32 = 0x2000_0000
}

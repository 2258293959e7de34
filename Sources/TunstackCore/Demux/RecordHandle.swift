/// Names a TIME-WAIT record or a half-open entry, also after it has ended.
struct RecordHandle {
    let index: UInt32
    let generation: UInt32
}

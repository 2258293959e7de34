import Dispatch
import Glibc

/// Signals of the operating system as a sequence.
///
/// Until it is stopped, the signals it is about do nothing else. Dispatch's sources install the handlers.
final class Signals {
    /// The signals in the order of their arrival.
    let received: AsyncStream<CInt>

    private let sources: [any DispatchSourceSignal]

    init(_ numbers: [CInt]) {
        let (stream, continuation) = AsyncStream.makeStream(of: CInt.self, bufferingPolicy: .bufferingNewest(16))
        received = stream
        let queue = DispatchQueue(label: "tunstack signals")
        sources = numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(number) }
            source.activate()
            return source
        }
    }

    /// Ends the sequence.
    func stop() {
        for source in sources { source.cancel() }
    }

    /// A write to a pipe or terminal that is gone shall be an error, not the end of the program.
    static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}

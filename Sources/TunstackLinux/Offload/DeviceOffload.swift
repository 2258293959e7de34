/// What the kernel does for a device's packets, so that the stack need not.
///
/// It holds in both directions: what the kernel leaves out of the packets that it gives, the stack may leave out of those that
/// it writes.
public struct DeviceOffload: Hashable, Sendable {
    /// Checksums of transport headers are left out between the kernel and the stack.
    public let checksums: Bool
    /// TCP text passes in super-segments, IP packets of up to 65,535 bytes that stand for many.
    public let segmentation: Bool
    /// A super-segment of the kernel's may say CWR (RFC 3168 §6.1.2).
    public let segmentationWithECN: Bool

    /// Nothing: each packet is at most the MTU and complete.
    public static let none = DeviceOffload(checksums: false)

    /// Everything.
    public static let all = DeviceOffload(checksums: true, segmentation: true, segmentationWithECN: true)

    /// What to ask the kernel for, one after the other until it agrees. Segmentation is of no use without checksums.
    static let offers = [
        all, DeviceOffload(checksums: true, segmentation: true), DeviceOffload(checksums: true),
    ]

    /// Offloads. Segmentation includes checksums.
    init(checksums: Bool, segmentation: Bool = false, segmentationWithECN: Bool = false) {
        self.checksums = checksums
        self.segmentation = segmentation
        self.segmentationWithECN = segmentationWithECN
    }
}

extension DeviceOffload: CustomStringConvertible {
    /// Who does the work, in words.
    public var description: String {
        if segmentation { return "checksums and segmentation by the kernel" }
        if checksums { return "checksums by the kernel, segmentation by the stack" }
        return "checksums and segmentation by the stack"
    }
}

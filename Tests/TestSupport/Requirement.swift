import Testing

/// Names the requirement that a test proves, so that a script can join requirements, code and tests.
///
/// An identifier is the document and the number in it: `"RFC9293 MUST-10"`, `"mission B20"`.
public struct RequirementTrait: TestTrait, SuiteTrait {
    /// The requirement's identifier.
    public let identifier: String

    /// What Swift Testing prints beside the test.
    public var comments: [Comment] { [Comment(rawValue: identifier)] }
}

extension Trait where Self == RequirementTrait {
    /// Marks a test as the proof of one requirement; several marks may stand on one test.
    public static func requirement(_ identifier: String) -> Self {
        RequirementTrait(identifier: identifier)
    }
}

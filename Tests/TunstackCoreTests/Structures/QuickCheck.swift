import Testing

/// Compares without the cost of `#expect`, for tests that compare many thousand times; only a difference is recorded.
func expectEqual<Value: Equatable>(
    _ actual: Value, _ expected: Value, _ comment: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard actual != expected else { return }
    Issue.record("\(actual) is not \(expected) \(comment())", sourceLocation: sourceLocation)
}

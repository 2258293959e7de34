/// What ends the first slow start before a loss does.
public enum SlowStartExit: Sendable, Hashable {
    /// HyStart++ (RFC 9406): conservative slow start first.
    case hyStartPlusPlus
    /// HyStart (Ha and Rhee, 2011): at once.
    case hyStart
}

/// What a congestion control that goes by losses leaves open.
struct WindowRules {
    var slowStartExit = SlowStartExit.hyStartPlusPlus
    /// See `ConnectionOptions.reducesFromWindow`.
    var reducesFromWindow = false

    init() {}

    init(_ options: borrowing ConnectionOptions) {
        slowStartExit = options.slowStartExit
        reducesFromWindow = options.reducesFromWindow
    }
}

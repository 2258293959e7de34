/// Maps one axis's values to places on the page, with ticks at numbers that are easy to read.
struct PlotScale {
    let range: ClosedRange<Double>
    let places: ClosedRange<Double>
    /// Where ticks stand, in values.
    let ticks: [Double]

    /// - Parameters:
    ///   - maximum: the largest value to show; the axis ends there.
    ///   - count: about how many ticks there are to be.
    ///   - places: where the range is on the page.
    init(upTo maximum: Double, ticks count: Int, at places: ClosedRange<Double>) {
        let top = max(maximum, 1e-9)
        let step = Self.niceStep(top / Double(count))
        range = 0...top
        ticks = (0...Int(top / step + 1e-6)).map { Double($0) * step }
        self.places = places
    }

    /// Where a value is from left to right.
    func x(_ value: Double) -> Double {
        places.lowerBound + (value / range.upperBound) * (places.upperBound - places.lowerBound)
    }

    /// Where a value is from top to bottom: the largest at the top.
    func y(_ value: Double) -> Double {
        places.upperBound - (value / range.upperBound) * (places.upperBound - places.lowerBound)
    }

    /// 1, 2, 2.5 or 5 times a power of ten, at least `least`.
    private static func niceStep(_ least: Double) -> Double {
        var power = 1.0
        while power > least { power /= 10 }
        while power * 10 <= least { power *= 10 }
        return [1.0, 2.0, 2.5, 5.0, 10.0].map { $0 * power }.first { $0 >= least * 0.999_999 } ?? power * 10
    }
}

extension Double {
    /// The number in decimal, rounded to so many places and without zeros at the end. It does not depend on a locale.
    func text(places: Int) -> String {
        var factor = 1.0
        for _ in 0..<places { factor *= 10 }
        let scaled = Int(self * factor + (self < 0 ? -0.5 : 0.5))
        let whole = scaled.magnitude / UInt(factor)
        var digits = String(scaled.magnitude % UInt(factor))
        digits = String(repeating: "0", count: max(0, places - digits.count)) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return (scaled < 0 ? "-" : "") + "\(whole)" + (digits.isEmpty ? "" : ".\(digits)")
    }
}

/// One line of a plan: a keyword, words, and facts of the form `name=value`.
struct PlanFacts {
    let keyword: String
    private var words: ArraySlice<Substring>
    private var facts: [(name: Substring, value: Substring)] = []

    init(_ line: String) {
        var parts = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
        keyword = parts.popFirst().map(String.init) ?? ""
        words = []
        for part in parts {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if halves.count == 2 { facts.append((halves[0], halves[1])) } else { words.append(part) }
        }
    }

    /// The facts as they were given.
    var rest: String { (words + facts.map { "\($0.name)=\($0.value)" }).joined(separator: " ") }

    /// The next word.
    mutating func word(_ what: String) throws(PathConditionsError) -> String {
        guard let word = words.popFirst() else { throw PathConditionsError("something is missing: \(what)") }
        return String(word)
    }

    /// The next word, which is a host's letter.
    mutating func host() throws(PathConditionsError) -> Int {
        let word = try word("a host, a to z")
        guard let letter = word.utf8.first, word.utf8.count == 1, (97...122).contains(letter) else {
            throw PathConditionsError("'\(word)' is no host: a host is a letter, a to z")
        }
        return Int(letter) - 97
    }

    /// The value of a fact, if it is given.
    mutating func take(_ name: String, _ example: String) -> ConditionReader? {
        guard let index = facts.firstIndex(where: { $0.name == name }) else { return nil }
        return ConditionReader(name, String(facts.remove(at: index).value), example: "\(name)=\(example)")
    }

    /// The value of a fact that is on or off.
    mutating func takeSwitch(_ name: String) throws(PathConditionsError) -> Bool? {
        try take(name, "on")?.isFirst(of: "on", "off")
    }

    /// Nothing may be left.
    func finish() throws(PathConditionsError) {
        if let word = words.first { throw PathConditionsError("'\(word)' has no meaning here") }
        if let fact = facts.first { throw PathConditionsError("there is no fact '\(fact.name)' here") }
    }
}

extension ConditionReader {
    /// Whether it says off.
    var isOff: Bool { text == "off" }

    /// Whether it is the first of two words; it must be one of them.
    func isFirst(of first: String, _ second: String) throws(PathConditionsError) -> Bool {
        guard text == first || text == second else { throw wrong("is either \(first) or \(second)") }
        return text == first
    }
    /// The one of these that it names.
    func one<Choice: RawRepresentable<String>>(of choices: [Choice]) throws(PathConditionsError) -> Choice {
        guard let choice = choices.first(where: { $0.rawValue == text }) else {
            throw wrong("is one of \(choices.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}

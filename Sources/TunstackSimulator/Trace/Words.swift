import TunstackCore

// What the core names for programs, as people say it.

extension DropReason {
    /// "outside window" for `outsideWindow`.
    var words: String { "\(self)".wordsOfName }
}

extension ListenError {
    /// "address in use" for `addressInUse`.
    var words: String { "\(self)".wordsOfName }
}

extension OpenError {
    /// "connection exists" for `connectionExists`.
    var words: String {
        guard case .quietTime(let remaining) = self else { return "\(self)".wordsOfName }
        return "quiet time, \(remaining.nanoseconds / 1_000_000_000) s left"
    }
}

extension String {
    /// A name in camel case as words: `badTCPChecksum` as "bad TCP checksum".
    var wordsOfName: String {
        let name = Array(self)
        var words = ""
        for (index, character) in name.enumerated() {
            let begins = character.isUppercase && index > 0
            let followsLower = begins && name[index - 1].isLowercase
            let precedesLower = index + 1 < name.count && name[index + 1].isLowercase
            if followsLower || (begins && precedesLower) { words += " " }
            words += precedesLower ? character.lowercased() : String(character)
        }
        return words
    }
}

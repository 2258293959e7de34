import Tunstack

/// The texts that go with a packet: what it did, and what became of it.
enum PacketLine {
    /// ` [LISTEN -> SYN-RECEIVED]` for each state change, and why the packet was dropped or lost; empty if there is nothing to
    /// remark.
    static func remarks(on passage: PacketPassage) -> String {
        var text = passage.transitions.map { " [\($0.transition.from) -> \($0.transition.to)]" }.joined()
        if let reason = passage.dropReason { text += " (dropped: \(words(for: reason)))" }
        if passage.wasLost { text += " (lost: the device did not take it)" }
        return text
    }

    /// A drop reason in words: `closed port` for `closedPort`.
    static func words(for reason: DropReason) -> String {
        let name = Array("\(reason)")
        var words: [String] = []
        for (index, character) in name.enumerated() {
            // A word begins with a capital after a small letter, or with the last of several capitals: IP Version.
            let next = index + 1 < name.count ? name[index + 1] : nil
            let begins = character.isUppercase && (name[index - 1].isLowercase || next?.isLowercase == true)
            if begins || words.isEmpty { words.append("") }
            words[words.count - 1].append(character)
        }
        return words.map { $0 == $0.uppercased() ? $0 : $0.lowercased() }.joined(separator: " ")
    }
}

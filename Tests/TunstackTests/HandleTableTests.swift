import Testing

@testable import Tunstack

@Suite("Values by handle")
struct HandleTableTests {
    private struct Name: Handle {
        let index: UInt32
        let generation: UInt32
    }

    @Test("a handle finds its own value, which changes where it lies")
    func ownValue() {
        var table = HandleTable<Name, [Int]>()
        let (low, high) = (Name(index: 2, generation: 1), Name(index: 700, generation: 1))
        table.insert([1], for: high)
        table.insert([2], for: low)
        table[high]?.append(3)
        #expect(table[high] == [1, 3])
        #expect(table[low] == [2])
        #expect(table.ids == [low, high])
    }

    @Test("a handle that never had a value has none, and nothing can be put there")
    func noValue() {
        var table = HandleTable<Name, Int>()
        table.insert(5, for: Name(index: 1, generation: 1))
        for stranger in [Name(index: 0, generation: 1), Name(index: 9, generation: 1), Name(index: 0, generation: 0)] {
            table[stranger] = 6
            #expect(table[stranger] == nil)
            #expect(!table.contains(stranger))
        }
        #expect(table.ids == [Name(index: 1, generation: 1)])
    }

    @Test("a stale handle neither finds nor changes nor takes out what has its place now")
    func staleHandle() {
        var table = HandleTable<Name, Int>()
        let (old, new) = (Name(index: 0, generation: 1), Name(index: 0, generation: 3))
        table.insert(5, for: old)
        table.insert(6, for: new)
        #expect(!table.contains(old))
        #expect(table[old] == nil)
        table[old] = 7
        table[old] = nil
        #expect(table[new] == 6)
        #expect(table.ids == [new])
    }

    @Test("a value that was taken out is gone until another is stored")
    func takenOut() {
        var table = HandleTable<Name, Int>()
        let name = Name(index: 3, generation: 1)
        table.insert(5, for: name)
        #expect(table.contains(name))
        table[name] = nil
        #expect(!table.contains(name))
        #expect(table[name] == nil)
        #expect(table.ids.isEmpty)
        table.insert(6, for: name)
        #expect(table[name] == 6)
    }
}

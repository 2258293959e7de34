"""What can be changed: finds the places in the sources, and says what each becomes.

A changed line keeps the original beside the change, and a number decides at run time which of the two counts. No
parser is needed for that: a comparison becomes an operator of its own with the same operands, a bound a function, a
name or a number a choice between two, a statement the body of an `if`.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Iterator, NamedTuple

MODULES = ("TunstackWire", "TunstackCore")

COMPARISONS = {"<=": "<", ">=": ">", "<": "<=", ">": ">=", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}
PRECEDENCE = {"&&": "LogicalConjunctionPrecedence", "||": "LogicalDisjunctionPrecedence"}
ORDERS = {
    "isBefore": "isAtOrBefore", "isAtOrBefore": "isBefore", "isAfter": "isAtOrAfter", "isAtOrAfter": "isAfter"}
BOUNDS = {"max": "min", "min": "max"}
NAMES = {"snd.una": "snd.nxt", "snd.nxt": "snd.una", "rcv.nxt": "rcv.edge", "true": "false", "false": "true"}
# A variable with all that leads to it: `connections[index].snd.una`.
VARIABLE = re.compile(r"((?:\b[A-Za-z_]\w*(?:\[[^\[\]]*\])?[?!]?\.)*)\b(snd\.una|snd\.nxt|rcv\.nxt)\b(?! [-+]?= )")
# A statement that can be left out without leaving anything undefined.
STATEMENT = re.compile(r"^\s+(?!let |var |return|guard |if |case |for |while |switch |func |defer |do |throw |break|"
                       r"continue|init|precondition)[a-zA-Z_][\w.\[\]?]*(?: [-+&|]?=(?!=) .+|\(.*\))$")
# Stands for the mutant's number in what a candidate becomes.
NUMBER = "§"
# An operator has no digits in its name; these signs stand for them.
DIGITS = "⊕⊖⊗⊘⊙⊚⊛⊜⊝⊞"


class Candidate(NamedTuple):
    """One line of one file, what it would become, and what stands in the copy."""
    file: str
    line: int
    kind: str
    before: str
    after: str
    # The line with both, and the declarations that it needs.
    choice: str
    declarations: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}\n    - {self.before.strip()}\n    + {self.after.strip()}"

    @property
    def module(self) -> str:
        return self.file.split("/")[1]


def drawn(root: Path, seed: int, only: str) -> list[Candidate]:
    """All candidates in the order that the seed gives them, of each line the first one."""
    found: list[Candidate] = []
    for module in MODULES:
        for path in sorted((root / "Sources" / module).rglob("*.swift")):
            name = str(path.relative_to(root))
            if only in name:
                for number, line in enumerate(path.read_text().splitlines(keepends=True), 1):
                    found += _Line(name, number, line).candidates()
    random.Random(seed).shuffle(found)
    first: dict[tuple[str, int], Candidate] = {}
    for candidate in found:
        first.setdefault((candidate.file, candidate.line), candidate)
    return list(first.values())


class _Line:
    def __init__(self, file: str, number: int, line: str) -> None:
        self.file = file
        self.number = number
        self.line = line
        self.code = line.split("//")[0]

    def candidates(self) -> Iterator[Candidate]:
        stripped = self.code.strip()
        if not stripped or stripped.startswith(("@", "import", "public import", "#", "precondition", '"', "case let")):
            return
        yield from self._comparisons()
        yield from self._calls()
        yield from self._names()
        for match in re.finditer(r"(?<= )([-+]) (\d+)\b(?!_)", self.code):
            before, after = match.group(2), str(int(match.group(2)) + 1)
            yield self._replaced("off by one", match.span(2), after, f"choice({NUMBER}, {before}, {after})")
        statement = self.code.rstrip()
        if STATEMENT.match(statement) and all(statement.count(a) == statement.count(b) for a, b in ("()", "[]", "{}")):
            indent = statement[:len(statement) - len(statement.lstrip())]
            yield Candidate(
                self.file, self.number, "statement left out", self.line, f"{indent}do {{}}  // left out\n",
                f"{indent}if !isMutant({NUMBER}) {{ {stripped} }}\n")

    def _comparisons(self) -> Iterator[Candidate]:
        for match in re.finditer(r"(?<= )(<=|>=|==|!=|<|>|&&|\|\|)(?= )", self.code):
            sign = match.group(1)
            operator = "≬" + NUMBER
            if sign in PRECEDENCE:
                operands = "(left: Bool, right: @autoclosure () throws -> Bool) rethrows"
                choice = f"isMutant({NUMBER}) ? try left {COMPARISONS[sign]} right() : try left {sign} right()"
            else:
                if re.match(r" nil\b", self.code[match.end():]):
                    operands = "<T: ~Copyable>(left: borrowing T?, right: _OptionalNilComparisonType)"
                else:
                    operands = f"<T: {'Equatable' if sign in ('==', '!=') else 'Comparable'}>(left: T, right: T)"
                choice = f"isMutant({NUMBER}) ? left {COMPARISONS[sign]} right : left {sign} right"
            yield self._replaced(
                "comparison", match.span(1), COMPARISONS[sign], operator,
                f"infix operator {operator}: {PRECEDENCE.get(sign, 'ComparisonPrecedence')}\n"
                f"@inlinable func {operator} {operands} -> Bool {{ {choice} }}\n")

    def _calls(self) -> Iterator[Candidate]:
        function = f"mutant{NUMBER}_"
        for match in re.finditer(r"\b(isBefore|isAtOrBefore|isAfter|isAtOrAfter)\(", self.code):
            name = match.group(1)
            yield self._replaced(
                "bound", match.span(1), ORDERS[name], function,
                f"extension SequenceNumber {{ @inlinable func {function}(_ other: Self) -> Bool "
                f"{{ isMutant({NUMBER}) ? {ORDERS[name]}(other) : {name}(other) }} }}\n")
        for match in re.finditer(r"(?<![\w.])(SequenceNumber\.)?(max|min)\(", self.code):
            name = match.group(2)
            if match.group(1):
                declaration = (
                    f"extension SequenceNumber {{ @inlinable static func {function}(_ a: Self, _ b: Self) -> Self "
                    f"{{ isMutant({NUMBER}) ? (b.isAfter(a) ? a : b) : max(a, b) }} }}\n")
            else:
                declaration = (f"@inlinable func {function}<T: Comparable>(_ a: T, _ b: T) -> T "
                               f"{{ isMutant({NUMBER}) ? {BOUNDS[name]}(a, b) : {name}(a, b) }}\n")
            yield self._replaced("bound", match.span(2), BOUNDS[name], function, declaration)

    def _names(self) -> Iterator[Candidate]:
        for match in VARIABLE.finditer(self.code):
            owner, name = match.groups()
            choice = f"choice({NUMBER}, {match.group()}, {owner}{NAMES[name]})"
            yield self._replaced("name", match.span(), owner + NAMES[name], choice)
        for match in re.finditer(r"\b(true|false)\b", self.code):
            sign = "!" if match.group() == "true" else ""
            yield self._replaced("name", match.span(), NAMES[match.group()], f"{sign}isMutant({NUMBER})")

    def _replaced(
            self, kind: str, span: tuple[int, int], after: str, choice: str, declarations: str = "") -> Candidate:
        def line(middle: str) -> str:
            return self.line[:span[0]] + middle + self.line[span[1]:]

        return Candidate(self.file, self.number, kind, self.line, line(after), line(choice), declarations)


def numbered(text: str, number: int) -> str:
    """What a candidate becomes as the mutant of this number."""
    signs = "".join(DIGITS[int(digit)] for digit in str(number))
    return text.replace("≬" + NUMBER, "≬" + signs).replace(NUMBER, str(number))

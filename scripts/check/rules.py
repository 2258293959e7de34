"""The rules that the stack is measured by: docs/requirements has lists of them, and Sources cites them."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path
from typing import Iterator, NamedTuple

from repository import ROOT, files

LISTS = ROOT / "docs/requirements"
# The one document here that numbers its rules; of the others a rule is a section.
NUMBERED = "RFC9293"
VERDICTS = ("choice", "not done")


class Rule(NamedTuple):
    """A rule of a document."""

    document: str
    item: str
    level: str
    section: str
    asks: str

    @property
    def mark(self) -> str:
        """What a test's mark says."""
        return f"{self.document} {self.item}"


class Choice(NamedTuple):
    """What is said about a rule where a test alone does not say it."""

    verdict: str
    reason: str


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def documents() -> dict[str, list[Rule]]:
    """The rules of every document that has a list, in the order of the list."""
    found = {}
    for path in files("docs/requirements/rfc*.tsv"):
        document = path.stem.upper()
        found[document] = [
            Rule(document, row["id"], row["level"], row.get("section") or row["id"].removeprefix("§"), row["asks"])
            for row in _rows(path)]
    return found


def choices() -> dict[str, Choice]:
    """What docs/requirements/choices.tsv says, by mark."""
    return {row["rule"]: Choice(row["verdict"], row["reason"]) for row in _rows(LISTS / "choices.tsv")}


def citations() -> dict[str, list[Path]]:
    """Which source files cite which rule, by mark.

    `MUST-10` stands for RFC 9293's, `RFC 6298 §5.4 and §5.5` for sections.
    """
    cited = defaultdict(list)
    for path in files("Sources/*.swift", "Sources/*.h"):
        # A comment goes on in the next line.
        text = re.sub(r"\s*\n\s*//+\s*", " ", path.read_text())
        marks = {f"{NUMBERED} {item}" for item in re.findall(r"\b(?:MUST|SHLD|MAY|REC)-[1-9]\d*\b", text)}
        for number, sections in re.findall(r"RFC (\d+)((?:,? (?:and |to )?§[\d.]*\d)+)", text):
            marks |= {f"RFC{number} {section}" for section in re.findall(r"§[\d.]*\d", sections)}
        for mark in marks:
            cited[mark].append(path)
    return cited

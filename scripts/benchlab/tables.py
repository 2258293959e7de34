"""Figures, tables and findings as text."""

from __future__ import annotations

import statistics
from typing import NamedTuple

# A figure that rounds to the target at two digits meets it: more digits than that are noise.
DIGITS = 2


class Table(NamedTuple):
    title: str
    header: list[str]
    rows: list[list[str]]


class Finding(NamedTuple):
    """What was measured against what is aimed at."""

    target: str
    met: bool
    detail: str

    def __str__(self) -> str:
        return f"{'met     ' if self.met else 'NOT MET '} {self.target}: {self.detail}"


def spread(values: list[float]) -> str:
    """Median, and least and most if there are several."""
    if not values:
        return "–"
    median = figure(statistics.median(values))
    least, most = figure(min(values)), figure(max(values))
    return median if least == most else f"{median} ({least}–{most})"


def figure(value: float) -> str:
    """Three digits are all that is known."""
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def text(table: Table) -> str:
    """A table for a terminal."""
    lines = [table.header, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.header))]
    shown = ["  ".join(field.ljust(width) for field, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join(["", table.title, *shown])


def markdown(table: Table) -> str:
    """A table for a page."""
    lines = [f"### {table.title}", "", "| " + " | ".join(table.header) + " |",
             "| --- " + "| ---: " * (len(table.header) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in table.rows])


def findings_table(findings: list[Finding]) -> Table:
    return Table("Targets", ["target", "met", "measured"], [
        [finding.target, "yes" if finding.met else "**no**", finding.detail] for finding in findings])

"""Writing the tables into a page, between two marks."""

from __future__ import annotations

from pathlib import Path

from lossbench.programs import ROOT
from lossbench.results import Results, revision
from lossbench.summary import Table
from lossbench.verdict import Finding

BEGIN = "<!-- bench loss: begin. Made by `scripts/bench loss --markdown`; what stands here is replaced. -->"
END = "<!-- bench loss: end -->"


def write(page: Path, tables: list[Table], findings: list[Finding], results: Results) -> None:
    """Replaces what stands between the marks in `page`."""
    source = page.read_text()
    before, begin, rest = source.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the tables: {BEGIN} ... {END}")
    body = [_origin(results), *(_table(table) for table in tables)]
    if findings:
        body.insert(1, _table(Table("Targets", ["target", "met", "measured"], [
            [finding.target, "yes" if finding.met else "**no**", finding.detail] for finding in findings])))
    page.write_text(before + BEGIN + "\n\n" + "\n\n".join(body) + "\n\n" + END + after)


def _origin(results: Results) -> str:
    made = results.circumstances
    runs = [run for run in results.runs.values() if "error" not in run]
    again = sum(run["attempts"] > 1 for run in runs)
    return (f"{len(runs)} runs of {made['seconds']:g} seconds and more, begun on {results.begun}, on "
            f"{made['processor']} with Linux {made['kernel']}; tunstack at {revision(ROOT)}. {again} of "
            f"them were made again because the machine disturbed them, and {len(results.disturbed())} are disturbed in "
            f"each attempt.\n\n"
            f"    scripts/bench loss --markdown --output results.json")


def _table(table: Table) -> str:
    lines = [f"### {table.title}", "", "| " + " | ".join(table.header) + " |",
             "| --- " + "| ---: " * (len(table.header) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in table.rows])

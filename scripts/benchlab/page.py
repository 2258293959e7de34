"""Writing results into a page, between two marks."""

from __future__ import annotations

from pathlib import Path

from benchlab.programs import ROOT

PAGE = ROOT / "docs/performance.md"


def replace(benchmark: str, blocks: list[str]) -> None:
    """Replaces what stands in the page between the marks of `scripts/bench BENCHMARK --markdown`."""
    source = PAGE.read_text()
    begin = (f"<!-- bench {benchmark}: begin. Made by `scripts/bench {benchmark} --markdown`; "
             "what stands here is replaced. -->")
    end = f"<!-- bench {benchmark}: end -->"
    before, found, rest = source.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"{PAGE} has no place for the results: {begin} ... {end}")
    PAGE.write_text(before + begin + "\n\n" + "\n\n".join(blocks) + "\n\n" + end + after)

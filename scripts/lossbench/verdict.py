"""What was measured against what is aimed at."""

from __future__ import annotations

import statistics
from typing import NamedTuple

from benchlab.tables import DIGITS, Finding
from lossbench.cells import SEND, Cell
from lossbench.results import LossResults
from lossbench.summary import ratio


class Target(NamedTuple):
    """Ratios of our goodput to the kernel's with the same congestion control in the same cell."""

    control: str
    clean: float | None  # each cell without loss
    median: float        # over all cells
    least: float         # each cell


TARGETS = (Target("cubic", 1.0, 1.0, 0.8), Target("bbr", None, 0.95, 0.85))
# Goodput on a path that reorders but loses nothing, over that of the same path in order.
REORDERING = 0.95


def judge(cells: list[Cell], results: LossResults) -> list[Finding]:
    """A finding for each target about which something was measured."""
    findings: list[Finding] = []
    senders = [cell for cell in cells if cell.test == SEND]
    for target in TARGETS:
        ours, theirs = f"tunstack-{target.control}", f"kernel-{target.control}"
        ratios = {cell: value for cell in senders
                  if (value := ratio(results, cell.name, ours, theirs)) is not None}
        if not ratios:
            continue
        if target.clean is not None:
            clean = {cell: value for cell, value in ratios.items() if not cell.loss_percent and not cell.bursts}
            if clean:
                findings.append(_each(f"{ours} over {theirs}, each cell without loss", clean, target.clean))
        middle = statistics.median(ratios.values())
        findings.append(Finding(f"{ours} over {theirs}, median of {len(ratios)} cells, at least {target.median}",
                                round(middle, DIGITS) >= target.median, f"{middle:.2f}"))
        findings.append(_each(f"{ours} over {theirs}, each cell", ratios, target.least))
        reordered = _reordering(senders, results, ours)
        if reordered:
            findings.append(_each(f"{ours}, reordered over in order, without loss", reordered, REORDERING))
    return findings


def _each(what: str, ratios: dict[Cell, float], least: float) -> Finding:
    below = {cell: value for cell, value in ratios.items() if round(value, DIGITS) < least}
    worst = min(ratios, key=lambda cell: ratios[cell])
    detail = ", ".join(f"{cell.path} {value:.2f}" for cell, value in below.items()) or (
        f"the least is {ratios[worst]:.2f} ({worst.path})")
    return Finding(f"{what}, at least {least}", not below, detail)


def _reordering(cells: list[Cell], results: LossResults, sender: str) -> dict[Cell, float]:
    ratios = {}
    for cell in cells:
        if not cell.reordering or cell.loss_percent:
            continue
        reordered = results.median(cell.name, sender)
        in_order = results.median(Cell(SEND, cell.rtt_ms).name, sender)
        if reordered is not None and in_order:
            ratios[cell] = reordered / in_order
    return ratios

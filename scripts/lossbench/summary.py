"""Tables of what was measured."""

from __future__ import annotations

import statistics
from typing import Callable

from benchlab.tables import Table, spread
from lossbench.cells import RECEIVE, SEND, SHARE, Cell
from lossbench.lineups import MORE_SENDERS, PAIRS, RECEIVERS, SENDERS, Lineup
from lossbench.results import LossResults

CONTROLS = ("cubic", "bbr")


def tables(cells: list[Cell], results: LossResults) -> list[Table]:
    """Every table for which there is something to show."""
    made = [
        _goodput(cells, results),
        _by_sender("Sender: retransmission timeouts in a run; share of segments sent again; longest silence", cells,
                   results, _recovery),
        _by_sender("Sender: packets dropped by the full queue in a run", cells, results, _drops),
        _receivers(cells, results),
        _shares(cells, results),
    ]
    return [table for table in made if table.rows]


def ratio(results: LossResults, cell: str, ours: str, theirs: str) -> float | None:
    """Our median goodput over theirs in the same cell."""
    ours_median, theirs_median = results.median(cell, ours), results.median(cell, theirs)
    return ours_median / theirs_median if ours_median is not None and theirs_median else None


def _ratio_text(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _present(names: list[str], cells: list[Cell], results: LossResults) -> list[str]:
    return [name for name in names if any(results.of(cell.name, name) for cell in cells)]


def _goodput(cells: list[Cell], results: LossResults) -> Table:
    chosen = [cell for cell in cells if cell.test == SEND]
    senders = _present(SENDERS + MORE_SENDERS, chosen, results)
    compared = [control for control in CONTROLS if {f"tunstack-{control}", f"kernel-{control}"} <= set(senders)]
    rows = []
    for cell in chosen:
        row = [spread(results.values(cell.name, sender, "goodput_mbit")) for sender in senders]
        row += [_ratio_text(ratio(results, cell.name, f"tunstack-{control}", f"kernel-{control}"))
                for control in compared]
        if any(results.of(cell.name, sender) for sender in senders):
            rows.append([cell.path, *row])
    return Table("Sender: goodput in Mbit/s", ["path", *senders, *(f"ours/kernel {c}" for c in compared)], rows)


def _by_sender(title: str, cells: list[Cell], results: LossResults,
               show: Callable[[LossResults, str, str], str]) -> Table:
    chosen = [cell for cell in cells if cell.test == SEND]
    senders = _present(SENDERS + MORE_SENDERS, chosen, results)
    rows = [[cell.path, *(show(results, cell.name, sender) for sender in senders)] for cell in chosen
            if any(results.of(cell.name, sender) for sender in senders)]
    return Table(title, ["path", *senders], rows)


def _recovery(results: LossResults, cell: str, sender: str) -> str:
    runs = results.of(cell, sender)
    if not runs:
        return "–"
    shares = [run["flows"][0]["retransmitted"] / max(1, run["flows"][0]["segments"]) for run in runs]
    timeouts = results.values(cell, sender, "timeouts")
    silence = statistics.median(run["flows"][0]["longest_silence_ms"] or 0 for run in runs)
    return f"{spread(timeouts) if timeouts else '?'}; {statistics.median(shares):.1%}; {silence:.0f} ms"


def _drops(results: LossResults, cell: str, sender: str) -> str:
    return spread(results.values(cell, sender, "queue_dropped"))


def _receivers(cells: list[Cell], results: LossResults) -> Table:
    lineups = [Lineup((receiver,), f"kernel-{control}").name for control in CONTROLS for receiver in RECEIVERS]
    chosen = [cell for cell in cells if cell.test == RECEIVE]
    present = _present(lineups, chosen, results)
    rows = []
    for cell in chosen:
        row = [spread(results.values(cell.name, name, "goodput_mbit")) for name in present]
        row += [_ratio_text(ratio(results, cell.name, f"kernel-{control}>tunstack", f"kernel-{control}>kernel"))
                for control in CONTROLS]
        if any(results.of(cell.name, name) for name in present):
            rows.append([cell.path, *row])
    header = ["path", *(name.replace(">", " to ") for name in present), *(f"ours/kernel {c}" for c in CONTROLS)]
    return Table("Receiver: goodput in Mbit/s that the kernel sends to it", header, rows)


def _shares(cells: list[Cell], results: LossResults) -> Table:
    rows = []
    for cell in cells:
        for pair in PAIRS:
            name = Lineup(pair).name
            if cell.test != SHARE or not results.of(cell.name, name):
                continue
            first, second = (spread(results.flow_values(cell.name, name, "goodput_mbit", flow)) for flow in (0, 1))
            rows.append([cell.path, f"{pair[0]} and {pair[1]}", first, second,
                         spread(results.values(cell.name, name, "goodput_mbit")),
                         spread(results.values(cell.name, name, "jain"))])
    return Table("Two flows at once: goodput in Mbit/s and Jain's index (1 is fair, 0.5 is all for one)",
                 ["path", "flows", "the first", "the second", "both", "Jain"], rows)

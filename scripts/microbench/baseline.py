"""What was counted before, and what has grown since."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path

from benchlab.programs import ROOT

BASELINE = ROOT / "Benchmarks/baseline.json"
# By how much instructions may grow before it is worth a warning.
GROWTH = 0.05
# Of an operation, the part that may allocate or retain more: growing tables do it now and then.
MORE_CALLS = 0.01


def load() -> dict:
    """The figures by operation; none if there is no file yet."""
    return json.loads(BASELINE.read_text())["operations"] if BASELINE.exists() else {}


def write(figures: dict) -> None:
    """Makes these the figures to compare with; operations that were not measured keep theirs."""
    compiler = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
    made = {"swift": compiler.splitlines()[0] if compiler else "", "architecture": platform.machine()}
    BASELINE.write_text(json.dumps({"made with": made, "operations": load() | figures}, indent=2) + "\n")


def warnings(figures: dict, before: dict) -> list[str]:
    """What has grown by more than it may."""
    found = []
    for name, now in figures.items():
        if name not in before:
            continue
        old = before[name]
        if old["instructions"] and now["instructions"] / old["instructions"] > 1 + GROWTH:
            growth = now["instructions"] / old["instructions"] - 1
            found.append(f"{name}: {now['instructions']:.0f} instructions, {growth:.1%} more than "
                         f"{old['instructions']:.0f}")
        found += [f"{name}: {now[what]} {what}, {old[what]} before" for what in ("allocations", "retains")
                  if now[what] > old[what] + MORE_CALLS]
    return found

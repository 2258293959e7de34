"""The file that runs are kept in: a line of JSON about the circumstances, then one for each run."""

from __future__ import annotations

import hashlib
import json
import platform
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any, Iterator, NamedTuple


class Key(NamedTuple):
    """Which run it was."""

    cell: str
    lineup: str
    seed: int


class Unusable(Exception):
    """The file cannot be gone on with; the message says why."""


def circumstances(binary: Path, base_seconds: float) -> dict:
    """What all runs of a file have in common. Figures of different binaries, kernels or durations do not compare."""
    processor = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.machine())
    return {
        "tunstack": hashlib.sha256(binary.read_bytes()).hexdigest()[:12],
        "kernel": platform.release(),
        "processor": processor,
        "seconds": base_seconds,
    }


class Results:
    """The runs that have been made, in memory and in the file."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.circumstances: dict = {}
        self.begun = ""
        self.runs: dict[Key, dict] = {}

    def load(self) -> None:
        """Reads the file, if there is one. A line that was cut off by an interruption is ignored."""
        if not self.path or not self.path.exists():
            return
        lines = self.path.read_text().splitlines()
        for number, line in enumerate(lines):
            try:
                entry = json.loads(line)
            except ValueError:
                if number < len(lines) - 1:
                    raise Unusable(f"{self.path}:{number + 1} is not JSON") from None
                # What is appended from now on must begin on a line of its own.
                self.path.write_text("".join(line + "\n" for line in lines[:-1]))
                break
            if "circumstances" in entry:
                self.circumstances, self.begun = entry["circumstances"], entry["begun"]
            else:
                self.runs[Key(entry["cell"], entry["lineup"], entry["seed"])] = entry

    def begin(self, now: dict) -> None:
        """Makes ready to add runs under the circumstances `now`, which must be those of the file."""
        if self.circumstances:
            differing = [name for name in now if now[name] != self.circumstances.get(name)]
            if differing:
                raise Unusable(f"{self.path} was measured with another {', '.join(differing)}; choose another --output")
            return
        self.circumstances, self.begun = now, time.strftime("%Y-%m-%d")
        self._append({"circumstances": now, "begun": self.begun})

    def add(self, key: Key, entry: dict) -> None:
        entry = key._asdict() | entry
        self.runs[key] = entry
        self._append(entry)

    def has(self, key: Key) -> bool:
        """Whether that run was made, and without an error."""
        return key in self.runs and "error" not in self.runs[key]

    def _append(self, entry: dict) -> None:
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(json.dumps(entry) + "\n")

    # Reading

    def of(self, cell: str, lineup: str) -> list[dict]:
        """The runs of a lineup in a cell that were not in error, by seed."""
        found = [run for key, run in self.runs.items()
                 if key.cell == cell and key.lineup == lineup and "error" not in run]
        return sorted(found, key=lambda run: run["seed"])

    def errors(self) -> Iterator[tuple[Key, str]]:
        return ((key, run["error"]) for key, run in self.runs.items() if "error" in run)

    def disturbed(self) -> list[Key]:
        """The runs that the machine disturbed in each attempt."""
        return [key for key, run in self.runs.items() if run.get("disturbance", 0) > 1]

    def values(self, cell: str, lineup: str, what: str) -> list[Any]:
        """A figure of each run: of the run itself, else of its first flow, else of the path."""
        values = []
        for run in self.of(cell, lineup):
            places = (run, run["flows"][0], run["path"])
            values.append(next((place[what] for place in places if what in place), None))
        return [value for value in values if value is not None]

    def flow_values(self, cell: str, lineup: str, what: str, flow: int) -> list[Any]:
        """A figure of the flow number `flow` of each run."""
        return [run["flows"][flow][what] for run in self.of(cell, lineup)]

    def median(self, cell: str, lineup: str) -> float | None:
        """The median of the goodput in Mbit/s."""
        values = self.values(cell, lineup, "goodput_mbit")
        return statistics.median(values) if values else None


def revision(root: Path) -> str:
    """The commit that is checked out, with a plus when there is more than that."""
    git = ["git", "-C", str(root), "-c", f"safe.directory={root}"]
    described = subprocess.run([*git, "describe", "--always", "--dirty=+"], capture_output=True, text=True)
    return described.stdout.strip() or "unknown"

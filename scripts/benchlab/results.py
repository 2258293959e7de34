"""The file that runs are kept in: a line of JSON about the circumstances, then one for each run."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import time
from pathlib import Path
from typing import Generic, Iterator, TypeVar

K = TypeVar("K", bound=tuple)


class Unusable(Exception):
    """It cannot be gone on; the message says why."""


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


class Results(Generic[K]):
    """The runs that have been made, in memory and in the file."""

    def __init__(self, path: Path | None, key: type[K]) -> None:
        """`key` is the named tuple that tells runs apart; its fields stand in each line."""
        self.path = path
        self.circumstances: dict = {}
        self.begun = ""
        # The commit that was checked out then.
        self.revision = ""
        self.runs: dict[K, dict] = {}
        self._key = key

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
                self.revision = entry["revision"]
            else:
                self.runs[self._key(*(entry[field] for field in self._key._fields))] = entry

    def begin(self, now: dict) -> None:
        """Makes ready to add runs under the circumstances `now`, which must be those of the file."""
        if self.circumstances:
            differing = [name for name in now if now[name] != self.circumstances.get(name)]
            if differing:
                raise Unusable(f"{self.path} was measured with another {', '.join(differing)}; choose another --output")
            return
        self.circumstances, self.begun, self.revision = now, time.strftime("%Y-%m-%d"), revision()
        self._append({"circumstances": now, "begun": self.begun, "revision": self.revision})

    def add(self, key: K, entry: dict) -> None:
        entry = key._asdict() | entry
        self.runs[key] = entry
        self._append(entry)

    def has(self, key: K) -> bool:
        """Whether that run was made, and without an error."""
        return key in self.runs and "error" not in self.runs[key]

    def _append(self, entry: dict) -> None:
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as file:
                file.write(json.dumps(entry) + "\n")

    # Reading

    def good(self) -> list[dict]:
        """The runs that were not in error."""
        return [run for run in self.runs.values() if "error" not in run]

    def disturbed(self) -> list[dict]:
        """The runs that the machine disturbed in each attempt."""
        return [run for run in self.good() if run["disturbance"] > 1]

    def errors(self) -> Iterator[tuple[K, str]]:
        return ((key, run["error"]) for key, run in self.runs.items() if "error" in run)


def origin(results: Results, benchmark: str) -> str:
    """Where figures come from, for a page."""
    made = results.circumstances
    runs = results.good()
    again = sum(run["attempts"] > 1 for run in runs)
    return (f"{len(runs)} runs of {made['seconds']:g} seconds and more, begun on {results.begun}, on "
            f"{made['processor']} with Linux {made['kernel']}; tunstack at {results.revision}. {again} of "
            f"them were made again because the machine disturbed them, {len(results.disturbed())} were disturbed each "
            f"attempt.\n\n"
            f"    scripts/bench {benchmark} --markdown --output results.json")


def revision() -> str:
    """The commit that is checked out, with a plus when there is more than that."""
    root = Path(__file__).resolve().parents[2]
    git = ["git", "-C", str(root), "-c", f"safe.directory={root}"]
    described = subprocess.run([*git, "describe", "--always", "--dirty=+"], capture_output=True, text=True)
    return described.stdout.strip() or "unknown"

"""Counting instructions, allocations and retains of a program with valgrind's callgrind."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

ENVIRONMENT = {
    "SWIFT_DETERMINISTIC_HASHING": "1",
    # Large copies by vectors: valgrind counts every byte of `rep movsb` as an instruction.
    "GLIBC_TUNABLES": "glibc.cpu.x86_rep_movsb_threshold=0x40000000",
}
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
# What counts references to objects; for each retain there is a release.
RETAINERS = {"swift_retain", "swift_retain_n", "swift_bridgeObjectRetain", "swift_bridgeObjectRetain_n"}


class Counts(NamedTuple):
    instructions: float
    allocations: float
    retains: float


def count(command: list[str]) -> Counts:
    """What a whole run of `command` takes. Raises `subprocess.CalledProcessError`."""
    with tempfile.TemporaryDirectory(prefix="tunstack-") as directory:
        out = Path(directory) / "callgrind.out"
        subprocess.run(["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", *command], check=True,
                       capture_output=True, text=True, env=os.environ | ENVIRONMENT)
        return read(out.read_text())


def per_operation(command: list[str], lengths: tuple[int, int]) -> Counts:
    """What one operation takes: the difference of two runs, for what is made ready is the same in both."""
    shorter, longer = (count([*command, str(length)]) for length in lengths)
    more = lengths[1] - lengths[0]
    return Counts(round((longer.instructions - shorter.instructions) / more, 1),
                  round((longer.allocations - shorter.allocations) / more, 3),
                  round((longer.retains - shorter.retains) / more, 3))


def read(profile: str) -> Counts:
    """The totals of a profile: instructions, and calls of what allocates and of what retains.

    A name is written out once, as `(7) malloc`, and is `(7)` from then on. A call names its callee (`cfn=`) in one
    line and how often it happened (`calls=`) in the next.
    """
    total = re.search(r"^(?:summary|totals): (\d+)", profile, re.MULTILINE)
    if not total:
        raise ValueError("callgrind counted nothing")
    names: dict[str, str] = {}
    callee, allocations, retains = "", 0, 0
    for line in profile.splitlines():
        if line.startswith(("fn=", "cfn=")):
            number, _, name = line.partition("=")[2].partition(" ")
            if name:
                names[number] = name
            if line.startswith("cfn="):
                callee = names[number]
        elif line.startswith("calls="):
            calls = int(line[len("calls="):].split()[0])
            allocations += calls if callee in ALLOCATORS else 0
            retains += calls if callee in RETAINERS else 0
    return Counts(int(total.group(1)), allocations, retains)

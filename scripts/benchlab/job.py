"""One run, seen from outside."""

from __future__ import annotations

from typing import NamedTuple


class Job(NamedTuple):
    """A run to be made."""

    # What its result is kept under, a named tuple.
    key: tuple
    # The benchmark whose body makes it, and what that body is told.
    benchmark: str
    task: dict
    # How long it measures.
    seconds: float
    # How it is called in a line that tells of it.
    title: str
    # The part of the machine that it takes: runs go on side by side as far as theirs fit.
    share: float = 1

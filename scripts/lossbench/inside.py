"""What runs inside the namespaces of one run."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Callable

from kernelpeer.host import Host
from kernelpeer.scenario import Failure

from lossbench.cells import Cell
from lossbench.check import CASES
from lossbench.lineups import parse
from lossbench.measure import measure


def main(task_text: str) -> int:
    """Does the task and prints its result as the last line; 1 and an explanation if it failed."""
    _take_precedence()
    task = json.loads(task_text)
    programs = Path(task["programs"])
    if "case" in task:
        return _attempt(task, lambda host: CASES[task["case"]](host, programs))
    return _attempt(task, lambda host: measure(
        host, programs, Cell(**task["cell"]), parse(task["lineup"]), task["seed"], task["seconds"]))


# Below the emulator's, which lets packets go on time, and above everything else.
PRIORITY = 10


def _take_precedence() -> None:
    """Before what else the machine does, where that is allowed. A stack in a process of its own would suffer from it
    more than the kernel's, much of which runs when the emulator hands over a packet. A real-time priority, for a nice
    value counts within a session only where the kernel groups processes by session."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except PermissionError:
        pass  # An ordinary user; how long the processes waited is kept with the run.


def _attempt(task: dict, body: Callable[[Host], dict | tuple]) -> int:
    host = Host(task["binary"], task["directory"], unprivileged=False)
    try:
        print(json.dumps(body(host)))
        return 0
    except Failure as failure:
        print(f"{failure}\n{host.describe()}")
    except Exception as error:  # the benchmark itself is wrong: say where
        print(f"{type(error).__name__}: {error}\n{traceback.format_exc()}{host.describe()}")
    finally:
        host.end()
    sys.stdout.flush()
    return 1

"""What runs inside the namespaces of one run."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Callable

from kernelpeer.host import Host
from kernelpeer.scenario import Failure

# Makes a run: gets the host and what the task says, returns what is kept of it.
Body = Callable[[Host, dict], dict | tuple]


def main(task_text: str, bodies: dict[str, Body]) -> int:
    """Does the task and prints its result as the last line; 1 and an explanation if it failed."""
    _take_precedence()
    task = json.loads(task_text)
    host = Host(task["binary"], task["directory"], unprivileged=False)
    try:
        print(json.dumps(bodies[task["benchmark"]](host, task)))
        return 0
    except Failure as failure:
        print(f"{failure}\n{host.describe()}")
    except Exception as error:  # the benchmark itself is wrong: say where
        print(f"{type(error).__name__}: {error}\n{traceback.format_exc()}{host.describe()}")
    finally:
        host.end()
    sys.stdout.flush()
    return 1


def _take_precedence() -> None:
    """Before what else the machine does, where that is allowed. A stack in a process of its own would suffer from it
    more than the kernel's, much of which runs when somebody hands over a packet."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except PermissionError:
        pass  # An ordinary user; the load by others is kept with the run.

"""Registering scenarios, and the ways one ends."""

from __future__ import annotations

import time
from typing import Any, Callable, NamedTuple


class Failure(Exception):
    """The scenario found something wrong; the message says what was expected and what was seen."""


class Skip(Exception):
    """The scenario cannot run on this host; the message says why."""


class Scenario(NamedTuple):
    name: str
    summary: str
    body: Callable[[Any], None]
    timeout: int
    isolated: bool


SCENARIOS: dict[str, Scenario] = {}


def scenario(timeout: int = 30, isolated: bool = True) -> Callable:
    """Registers a function as a scenario: `nc_echo` becomes `nc-echo`, its docstring the summary.

    `timeout` is in seconds. With `isolated=False` the scenario runs without a namespace and without privilege.
    """

    def register(body: Callable[[Any], None]) -> Callable[[Any], None]:
        name = body.__name__.replace("_", "-")
        if name in SCENARIOS:
            raise ValueError(f"two scenarios are called {name}")
        summary = (body.__doc__ or "").strip().splitlines()[0]
        SCENARIOS[name] = Scenario(name, summary, body, timeout, isolated)
        return body

    return register


def expect(condition: object, message: str) -> None:
    """Fails the scenario with `message` unless `condition` holds."""
    if not condition:
        raise Failure(message)


def eventually(condition: Callable[[], Any], what: str, timeout: float = 10) -> Any:
    """Asks `condition` until it answers something true, and returns that; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failure(f"did not happen within {timeout} s: {what}")
        time.sleep(0.02)

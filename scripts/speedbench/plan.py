"""Which runs, and in which order."""

from __future__ import annotations

from benchlab.job import Job
from benchlab.load import disturbed_note
from benchlab.tables import figure
from speedbench.catalogue import (
    CEILINGS, CONFIGURATIONS, RAW, TESTS, Configuration, Test, configuration_called, matches, test_called)
from speedbench.results import Key
from speedbench.stacks import stack_of


def chosen_configurations(patterns: list[str]) -> list[Configuration]:
    return [configuration for configuration in CONFIGURATIONS if matches(configuration.name, patterns)]


def obstacles(configurations: list[Configuration], binary: str) -> dict[str, str]:
    """The configurations that cannot be measured here, with the reason."""
    found = {configuration.name: stack_of(configuration).obstacle(binary) for configuration in configurations}
    return {name: reason for name, reason in found.items() if reason}


def plan(names: list[str], tests: list[str], rounds: int, seconds: float, with_ceilings: bool) -> list[Job]:
    """All runs. In a round every configuration has its turn in every test, and each round begins with another one, so
    that what drifts in the machine falls on all alike."""
    jobs = []
    for number in range(1, rounds + 1):
        if with_ceilings:
            jobs += [_job(test, RAW, number, seconds) for test in CEILINGS if matches(test.name, tests)]
        first = (number - 1) % len(names) if names else 0
        for test in TESTS:
            if matches(test.name, tests):
                jobs += [_job(test, name, number, seconds) for name in names[first:] + names[:first]
                         if not (test.one_core and configuration_called(name).needs_own_core)]
    return jobs


def _job(test: Test, configuration: str, number: int, seconds: float) -> Job:
    task = {"test": test.name, "configuration": configuration, "seconds": seconds}
    title = f"round {number} {test.name:17} {configuration:19}"
    return Job(Key(test.name, configuration, number), "throughput", task, seconds + test.more_seconds, title)


def describe(entry: dict) -> str:
    """A run in a line."""
    test = test_called(entry["test"])
    parts = [f"{figure(entry[test.figure])} {test.unit}"]
    if "machine_per_gb" in entry:
        parts.append(f"{entry['server_per_gb']:.2f} s/GB, whole machine {entry['machine_per_gb']:.2f}")
    if "p99_us" in entry:
        parts.append(f"p50 {figure(entry['p50_us'])} p99 {figure(entry['p99_us'])} p99.9 {figure(entry['p999_us'])} us")
    if entry.get("failed") or entry.get("stuck"):
        parts.append(f"{entry['failed']} failed, {entry['stuck']} stuck")
    if entry.get("retransmitted"):
        parts.append(f"{entry['retransmitted']} sent again")
    return ", ".join(parts) + disturbed_note(entry)

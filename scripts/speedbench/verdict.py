"""What was measured against what is aimed at."""

from __future__ import annotations

from typing import NamedTuple

from benchlab.tables import DIGITS, Finding, figure
from speedbench.catalogue import BULK, RAW
from speedbench.results import SpeedResults

OURS, OURS_PLAIN = ["tunstack", "tunstack-core"], ["tunstack-plain", "tunstack-core-plain"]
KERNEL = ["kernel-veth"]
LWIP = ["lwip", "lwip-tuned"]
# Stacks in user space, with offloads and without.
PEERS, PLAIN_PEERS = ["lwip-tuned-offloads", "gvisor-offloads"], ["lwip", "lwip-tuned", "gvisor"]

# smoltcp was the best without offloads in a first comparison: so many times lwip-tuned. Debian does not package it, so
# lwip-tuned stands for it.
SMOLTCP_OVER_LWIP = {"up": 2.2, "down": 1.35, "echo": 2.15}


class Target(NamedTuple):
    """A ratio of one of our figures to the best of theirs in the same round."""

    test: str
    figure: str
    ours: list[str]
    theirs: list[str]
    # At least this, or at most, where less is better.
    bound: float
    less_is_better: bool = False
    # Theirs is of another test.
    their_test: str | None = None


TARGETS = [
    Target("up", "gbit", OURS, KERNEL, 1.4),
    Target("up", "gbit", OURS, [RAW], 0.9, their_test="read-64k"),
    Target("down", "gbit", OURS, KERNEL, 1.0),
    Target("down", "gbit", OURS, PEERS, 2.0),
    Target("echo", "gbit", OURS, KERNEL, 0.9),
    Target("echo", "gbit", OURS, PEERS, 1.8),
    *(Target(test, "gbit", OURS_PLAIN, PLAIN_PEERS, 1.0) for test in BULK),
    *(Target(test, "gbit", OURS_PLAIN, ["lwip-tuned"], bound) for test, bound in SMOLTCP_OVER_LWIP.items()),
    *(Target("ping", quantile, OURS, LWIP, 1.0, True) for quantile in ("p50_us", "p99_us")),
    Target("short-1", "per_second", [*OURS, "tunstack-busy"], KERNEL, 1.0),
    Target("short-64", "per_second", OURS, LWIP, 1.2),
    *(Target(test, "machine_per_gb", OURS, KERNEL, 1.0, True) for test in BULK),
    *(Target(test, "server_per_gb", OURS, ["gvisor-offloads"], 1 / 3, True) for test in BULK),
]
# Beside many idle connections a round trip takes as long as alone; a tenth is what rounds differ by.
FLATNESS = 1.1
IDLE_TESTS = ("idle-1k", "idle-10k")
IDLE_BYTES = 512

NAMES = {"gbit": "", "p50_us": " p50", "p99_us": " p99", "per_second": " per second",
         "machine_per_gb": ", the machine's seconds per GB", "server_per_gb": ", the server's seconds per GB"}


def judge(results: SpeedResults) -> list[Finding]:
    """A finding for each target about which something was measured."""
    findings = [finding for target in TARGETS for ours in target.ours
                if (finding := _compare(results, target, ours)) is not None]
    for ours in OURS:
        findings += _flatness(results, ours)
        size = results.median("idle-10k", ours, "resident_bytes_each")
        if size is not None:
            findings.append(Finding(f"{ours}: bytes of an idle connection, at most {IDLE_BYTES}", size <= IDLE_BYTES,
                                    figure(size)))
    return findings


def _compare(results: SpeedResults, target: Target, ours: str) -> Finding | None:
    best = min if target.less_is_better else max
    ratio = results.ratio(target.test, target.figure, ours, target.theirs, best, target.their_test)
    if ratio is None:
        return None
    theirs = target.theirs[0] if len(target.theirs) == 1 else f"the best of {' and '.join(target.theirs)}"
    theirs = f"the device's {target.their_test}" if target.theirs == [RAW] else theirs
    bound = f"{'at most' if target.less_is_better else 'at least'} {round(target.bound, DIGITS)}"
    rounded, wanted = round(ratio, DIGITS), round(target.bound, DIGITS)
    met = rounded <= wanted if target.less_is_better else rounded >= wanted
    own = results.median(target.test, ours, target.figure)
    return Finding(f"{ours}: {target.test}{NAMES[target.figure]} over {theirs}, {bound}", met,
                   f"{ratio:.2f} ({figure(own)})")


def _flatness(results: SpeedResults, ours: str) -> list[Finding]:
    findings = []
    for test in IDLE_TESTS:
        for quantile in ("p50_us", "p99_us"):
            ratio = results.ratio(test, quantile, ours, [ours], their_test="ping")
            if ratio is not None:
                findings.append(Finding(f"{ours}: {test}{NAMES[quantile]} over ping's, at most {FLATNESS}",
                                        round(ratio, DIGITS) <= FLATNESS, f"{ratio:.2f}"))
    return findings

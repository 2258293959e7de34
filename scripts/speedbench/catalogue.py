"""What is measured, and on what."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass


@dataclass(frozen=True)
class Test:
    """One thing that the client does; its name and arguments are those of Benchmarks/client."""

    name: str
    what: str
    # The figure that describes a run.
    figure: str
    unit: str
    # What stands behind the seconds in the client's arguments; PID is the server's.
    arguments: tuple[str, ...] = ()
    # Client and server on the same core: waking an idle one up costs more than all else, and not the same each time.
    one_core: bool = False
    # Takes so many seconds more than it measures.
    more_seconds: float = 0

    @property
    def client_test(self) -> str:
        """What the client calls it."""
        return CLIENT_TESTS.get(self.name, self.name)


CLIENT_TESTS = {"short-1": "short", "short-64": "short", "idle-1k": "idle", "idle-10k": "idle"}
BULK = ("up", "down", "echo")

TESTS = [
    Test("up", "the client sends, the stack throws away", "gbit", "Gbit/s"),
    Test("down", "the stack sends, the client throws away", "gbit", "Gbit/s"),
    Test("echo", "the stack sends back what it gets; every byte is compared", "gbit", "Gbit/s each way"),
    Test("ping", "one byte there and back, on one core", "p50_us", "us", one_core=True),
    Test("short-1", "connect, one byte there and back, close; one at a time", "per_second", "/s", ("1",)),
    Test("short-64", "the same, 64 in flight", "per_second", "/s", ("64",)),
    Test("idle-1k", "1,000 idle connections, then as ping", "resident_bytes_each", "bytes", ("1000", "PID"), True, 1),
    Test("idle-10k", "10,000 idle connections, then as ping", "resident_bytes_each", "bytes", ("10000", "PID"), True,
         3),
    Test("small-beside-up", "100 connections with one byte there and back, beside a bulk transfer to the stack",
         "p99_us", "us", ("100",)),
    Test("small-beside-down", "the same beside one from the stack", "p99_us", "us", ("100",)),
]

# The device alone: frames read and written, 64 KiB super-segments and packets of 1500 bytes.
CEILINGS = [
    Test("read-64k", "super-segments of 64 KiB read", "gbit", "Gbit/s"),
    Test("read-1500", "packets of 1500 bytes read", "gbit", "Gbit/s"),
    Test("write-64k", "super-segments of 64 KiB written", "gbit", "Gbit/s"),
    Test("write-1500", "packets of 1500 bytes written", "gbit", "Gbit/s"),
]
RAW = "raw"


@dataclass(frozen=True)
class Configuration:
    """One stack, set up in one way."""

    name: str
    what: str
    # A key of `stacks.FAMILIES`.
    family: str
    # Exchanges super-segments and leaves checksums out, as far as it can.
    offloads: bool
    # Options of `tunstack`, or which build of another stack.
    variant: str = ""
    # Spins while it waits: not measured on a core that it shares with the client.
    needs_own_core: bool = False


CONFIGURATIONS = [
    Configuration("tunstack", "the command, async API", "tunstack", True),
    Configuration("tunstack-2q", "the same with two queues", "tunstack", True, "--queues 2"),
    Configuration("tunstack-busy", "as tunstack, but looks for packets for 100 us before it sleeps", "tunstack", True,
                  "--busy-poll 100", needs_own_core=True),
    Configuration("tunstack-core", "the core in a plain epoll loop", "core", True),
    Configuration("kernel-veth", "Linux across veth with its offloads", "veth", True),
    Configuration("kernel-tun", "Linux across two TUNs with virtio headers", "pumped", True),
    Configuration("lwip-tuned-offloads", "lwIP, 1 MB window, receives super-segments", "lwip", True, "lwip-tuned"),
    Configuration("gvisor-offloads", "gVisor with a link of ours that has virtio headers", "gvisor", True),
    Configuration("tunstack-plain", "the command, `--no-offload`", "tunstack", False),
    Configuration("tunstack-core-plain", "the core in a plain epoll loop", "core", False),
    Configuration("kernel-veth-plain", "Linux across veth, packets of 1500 bytes", "veth", False),
    Configuration("kernel-tun-plain", "Linux across two TUNs, packets of 1500 bytes", "pumped", False),
    Configuration("lwip", "lwIP as Debian builds it, 64 KB window", "lwip", False, "lwip"),
    Configuration("lwip-tuned", "lwIP, 1 MB window", "lwip", False, "lwip-tuned"),
    Configuration("gvisor", "gVisor with the link that it brings", "gvisor", False),
]


def test_called(name: str) -> Test:
    return next(test for test in TESTS + CEILINGS if test.name == name)


def configuration_called(name: str) -> Configuration:
    return next(configuration for configuration in CONFIGURATIONS if configuration.name == name)


def matches(name: str, patterns: list[str]) -> bool:
    """Whether one of `patterns` names it; no patterns name everything."""
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

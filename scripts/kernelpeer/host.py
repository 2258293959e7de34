"""What a scenario is given: the kernel's side of the link, its tools, and `tunstack` to start on the other side."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from types import TracebackType

from kernelpeer.process import Process
from kernelpeer.scenario import Failure, Skip, eventually, expect

STACK = "10.77.0.2"
ECHO_PORT = 9877
INTERFACE = "tunstack0"


class Host:
    """A namespace of the kernel's, with the programs a scenario started in it."""

    def __init__(self, binary: str, directory: str, unprivileged: bool) -> None:
        """`binary` is the `tunstack` to test, `directory` a scratch directory of this scenario's own;
        `unprivileged` says that root in here is an ordinary user outside."""
        self.binary = binary
        self.directory = directory
        self.unprivileged = unprivileged
        self._processes: list[Process] = []

    # Programs

    def run(self, *command: str, data: bytes = b"", timeout: float = 20) -> subprocess.CompletedProcess:
        """Runs `command` to its end with `data` on its standard input; `stdout` is bytes, `stderr` text."""
        try:
            result = subprocess.run(command, input=data, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"`{shlex.join(command)}` was still running after {timeout} s") from None
        result.stderr = result.stderr.decode(errors="replace")
        return result

    def require(self, *command: str, data: bytes = b"", timeout: float = 20) -> str:
        """Runs `command`, which must succeed, and returns what it printed."""
        result = self.run(*command, data=data, timeout=timeout)
        expect(result.returncode == 0, f"`{shlex.join(command)}` failed: {result.stderr.strip()}")
        return result.stdout.decode(errors="replace")

    def start(self, *command: str, terminal: bool = False) -> Process:
        """Starts `command` beside the scenario; its last lines appear in a failure report."""
        process = Process(list(command), terminal)
        self._processes.append(process)
        return process

    def tunstack(self, *arguments: str, data: bytes = b"", timeout: float = 10) -> subprocess.CompletedProcess:
        """Runs `tunstack` to its end."""
        return self.run(self.binary, *arguments, data=data, timeout=timeout)

    def server(self, *options: str, address: str = STACK, interface: str = INTERFACE) -> Server:
        """A `tunstack` with an echo service, for a `with` statement. `options` are added to its command line."""
        return Server(self, options, address, interface)

    def path(self, name: str) -> str:
        """The path of a file called `name` in the scenario's scratch directory."""
        return os.path.join(self.directory, name)

    def describe(self) -> str:
        """What every started program printed last."""
        return "\n".join(process.describe() for process in self._processes)

    def end(self) -> None:
        """Ends every started program that still runs."""
        for process in self._processes:
            process.kill()

    # The kernel's side of the link

    def has_interface(self, name: str = INTERFACE) -> bool:
        return self.run("ip", "link", "show", "dev", name).returncode == 0

    def counter(self, name: str) -> int:
        """A counter of the kernel's TCP in this namespace, `TcpRetransSegs` for instance."""
        printed = self.require("nstat", "--ignore", "--noupdate", "--zeros", name)
        match = re.search(rf"^{name}\s+(\d+)", printed, re.MULTILINE)
        if not match:
            raise Failure(f"nstat does not know the counter {name}")
        return int(match.group(1))

    def sockets(self, *filters: str) -> list[list[str]]:
        """The kernel's TCP sockets as `ss` lists them: state, Recv-Q, Send-Q, local and peer address."""
        return [line.split() for line in self.require("ss", "-tanH", *filters).splitlines()]

    def drop(self, percent: int = 100, hooks: tuple[str, ...] = ("input", "output")) -> None:
        """Makes the kernel drop `percent` of the packets on the link.

        What comes from the stack passes the hook `input`, what goes to it the hook `output`.
        """
        match = "" if percent == 100 else f"numgen random mod 100 < {percent}"
        rules = ["table inet loss {"]
        for hook in hooks:
            device = "iifname" if hook == "input" else "oifname"
            rules += [
                f"chain {hook} {{",
                f"type filter hook {hook} priority 0",
                f'{device} "{INTERFACE}" {match} counter drop',
                "}",
            ]
        rules.append("}\n")
        result = self.run("nft", "-f", "-", data="\n".join(rules).encode())
        if result.returncode != 0:
            raise Skip(f"nftables cannot drop packets here: {result.stderr.strip().splitlines()[0]}")

    def dropped(self, hook: str) -> int:
        """How many packets `drop` has dropped at `hook`."""
        printed = self.require("nft", "list", "chain", "inet", "loss", hook)
        return int(re.search(r"counter packets (\d+)", printed).group(1))

    def stop_dropping(self) -> None:
        self.require("nft", "delete", "table", "inet", "loss")

    def capture(self, interface: str = INTERFACE) -> Capture:
        """A `tcpdump` on the link, for a `with` statement."""
        return Capture(self, interface)


class Server:
    """A running `tunstack`. Leaving the `with` statement interrupts it, and it must then end as it promises to."""

    def __init__(self, host: Host, options: tuple[str, ...], address: str, interface: str) -> None:
        self._host = host
        self._command = [host.binary, "--echo", str(ECHO_PORT), *options]
        self._ready = rf"listening on {re.escape(address)}:{ECHO_PORT}\b"
        self._interface = interface
        self._stopped = False

    def __enter__(self) -> Server:
        self.process = self._host.start(*self._command)
        self.process.wait_for(self._ready, timeout=20)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if kind is not None:
            self.process.kill()
        elif not self._stopped:
            self.interrupt()

    def interrupt(self) -> None:
        """Presses Ctrl-C: the server must exit with 0 within ten seconds and take its interface along."""
        self._stopped = True
        self.process.signal(signal.SIGINT)
        code = self.process.wait(timeout=10)
        expect(code == 0, f"tunstack ended with {code} after SIGINT, not with 0")
        expect(not self._host.has_interface(self._interface), f"{self._interface} is still there after SIGINT")

    @property
    def transitions(self) -> list[tuple[str, str]]:
        """The state changes that `--trace` has printed so far, `("ESTABLISHED", "CLOSE-WAIT")` for instance."""
        return re.findall(r"([A-Z][A-Z0-9-]+) -> ([A-Z][A-Z0-9-]+)", self.process.output)

    def wait_for_states(self, *states: str, timeout: float = 10) -> None:
        """Waits until `--trace` has shown a connection enter `states`, one after the other."""
        def entered() -> bool:
            remaining = iter(self.transitions)
            return all(any(entered == state for _, entered in remaining) for state in states)

        try:
            eventually(entered, "the states", timeout)
        except Failure:
            raise Failure(f"no trace of {' -> '.join(states)} within {timeout} s, only {self.transitions}") from None


class Capture:
    """A `tcpdump` that prints what passes on an interface, and keeps it in a file to be read again."""

    def __init__(self, host: Host, interface: str) -> None:
        self._host = host
        self._interface = interface
        self._file = host.path("wire.pcap")

    def __enter__(self) -> Capture:
        # -Z root: as another user it could not write into the scratch directory.
        self._process = self._host.start(
            "tcpdump", "-i", self._interface, "-nnS", "-l", "--print", "-U", "--immediate-mode", "-B", "65536",
            "-s", "0", "-Z", "root", "-w", self._file)
        self._process.wait_for("listening on")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.signal(signal.SIGINT)
        self._process.wait()

    def wait_for(self, pattern: str) -> re.Match:
        """Waits for a packet whose line, with absolute sequence numbers, matches the regular expression `pattern`."""
        return self._process.wait_for(pattern)

    def read(self, *arguments: str) -> list[str]:
        """The packets captured until the `with` statement was left, one line each, printed with `arguments`."""
        return read_capture(self._host, self._file, *arguments)


def read_capture(host: Host, file: str, *arguments: str) -> list[str]:
    """The packets in a capture file, one line each."""
    return host.require("tcpdump", "-nn", "-Z", "root", "-r", file, *arguments).splitlines()

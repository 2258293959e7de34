"""Programs that run beside a scenario."""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import subprocess
import threading
import time

from kernelpeer.scenario import Failure


class Process:
    """A running program whose output, standard error included, is read as it comes."""

    def __init__(self, command: list[str], terminal: bool = False) -> None:
        """Starts `command`; with `terminal` it gets a terminal, which shows what is typed, in place of pipes."""
        self.title = shlex.join(command)
        self._output = bytearray()
        self._changed = threading.Condition()
        self._ended = False
        if terminal:
            self._input, child_end = pty.openpty()
            self._popen = subprocess.Popen(
                command, stdin=child_end, stdout=child_end, stderr=child_end, start_new_session=True)
            os.close(child_end)
            source = self._input
        else:
            self._popen = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self._input, source = self._popen.stdin.fileno(), self._popen.stdout.fileno()
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: int) -> None:
        while True:
            try:
                chunk = os.read(source, 65536)
            except OSError:  # a terminal reports the end of its last user as an error
                chunk = b""
            with self._changed:
                self._output += chunk
                self._ended = not chunk
                self._changed.notify_all()
            if not chunk:
                return

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def output(self) -> str:
        """Everything the program has written so far."""
        with self._changed:
            return self._output.decode(errors="replace")

    def write(self, data: bytes) -> None:
        """Types `data` at the program's standard input."""
        os.write(self._input, data)

    def wait_for(self, pattern: str, timeout: float = 10) -> re.Match:
        """Waits until the output contains the regular expression `pattern`, at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                match = re.search(pattern, self._output.decode(errors="replace"), re.MULTILINE)
                if match:
                    return match
                remaining = deadline - time.monotonic()
                if self._ended:
                    raise Failure(f"`{self.title}` ended without printing {pattern!r}")
                if remaining <= 0:
                    raise Failure(f"`{self.title}` did not print {pattern!r} within {timeout} s")
                self._changed.wait(remaining)

    def signal(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def wait(self, timeout: float = 10) -> int:
        """Waits for the end of the program and of its output; returns the exit code, negative for a signal."""
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"`{self.title}` was still running after {timeout} s") from None
        with self._changed:
            self._changed.wait_for(lambda: self._ended, timeout)
        return code

    def kill(self) -> None:
        """Ends the program at once, as a crash would."""
        self._popen.kill()
        self._popen.wait()

    def describe(self, line_count: int = 25) -> str:
        """The command, how it ended and its last lines, for a failure report."""
        code = self._popen.poll()
        if code is None:
            state = "running"
        elif code < 0:
            state = f"ended by {signal.Signals(-code).name}"
        else:
            state = f"exit code {code}"
        lines = self.output.splitlines()[-line_count:] or ["(no output)"]
        return "\n".join([f"--- {self.title} ({state}), last lines:", *lines])

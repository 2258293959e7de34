"""Private namespaces for a command, which end with it."""

from __future__ import annotations

import os
import subprocess


class Isolation:
    """The way to private namespaces that is open to this user, or the reason why there is none."""

    def __init__(self) -> None:
        self.unprivileged = os.geteuid() != 0
        # Not --map-root-user: tcpdump, started as root, insists on becoming another user, and there is none.
        own_user = ["--user", "--map-current-user", "--keep-caps"] if self.unprivileged else []
        # The kernel ends what is inside when the runner ends, however that happens.
        self.prefix = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", *own_user, "--net", "--pid", "--fork",
                       "--kill-child=KILL", "--mount-proc", "--"]
        self.obstacle = self._probe(["true"], "no namespaces") or self._probe(
            ["ip", "tuntap", "add", "dev", "probe0", "mode", "tun"], "no TUN device")

    def _probe(self, command: list[str], what: str) -> str | None:
        try:
            result = subprocess.run([*self.prefix, *command], capture_output=True, text=True, timeout=10)
        except OSError as error:
            return f"{what}: {error}"
        if result.returncode == 0:
            return None
        return f"{what}: {' '.join(result.stderr.split()) or 'refused'}"


def run_to_end(command: list[str], timeout: float) -> tuple[int | None, str]:
    """Runs `command` and returns its exit code, None if it had to be ended after `timeout` seconds, and its output."""
    # A session of its own: Ctrl-C reaches the runner alone, and what runs inside ends with it.
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", start_new_session=True)
    try:
        output, _ = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        output, _ = child.communicate()
        return None, output
    except BaseException:
        child.kill()
        raise
    return child.returncode, output

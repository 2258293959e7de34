"""Plays one script in a network namespace of its own."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

from kernelpeer.isolation import Isolation, run_to_end

PASSED, FAILED, SKIPPED = "passed", "FAILED", "SKIPPED"

# What the scripts take for granted; the addresses are those of RFC 5737 and RFC 1918.
LOCAL, NETMASK, REMOTE, PREFIX, MTU = "192.168.0.1", "255.255.0.0", "192.0.2.1", 16, 1500
LONGEST = 180.0

# Scripts for something that the stack is not built for, by what they say.
UNSUPPORTED = {
    r"--ip_version=ipv6": "IPv6",
    r"^\s*ip (-6 )?route (change|add|replace)": "metrics of the kernel's routes",
    r"tc qdisc (replace|add) dev tun0 root pfifo limit 0": "loses packets in the kernel's queue",
}


@dataclasses.dataclass
class Outcome:
    """What became of a script."""

    name: str
    result: str
    reason: str = ""
    output: str = ""

    @property
    def line(self) -> str:
        return f"{self.result:8}{self.name}" + (f": {self.reason}" if self.reason else "")


@dataclasses.dataclass
class Player:
    """Plays scripts with a packetdrill; against the kernel if there is no library."""

    packetdrill: Path
    library: Path | None
    flags: str
    isolation: Isolation

    def play(self, name: str, script: Path, tries: int) -> Outcome:
        reason = self._obstacle(script) if self.library else None
        if reason:
            return Outcome(name, SKIPPED, reason)
        outcome = self._play_once(name, script)
        while outcome.result == FAILED and tries > 1:
            outcome = self._play_once(name, script)
            tries -= 1
        return outcome

    def _obstacle(self, script: Path) -> str | None:
        text = script.read_text(errors="replace")
        return next((what for how, what in UNSUPPORTED.items() if re.search(how, text, re.MULTILINE)), None)

    def _play_once(self, name: str, script: Path) -> Outcome:
        code, output = run_to_end(self._command(script), LONGEST)
        if code == 0:
            return Outcome(name, PASSED)
        if code is None:
            return Outcome(name, FAILED, f"not over after {LONGEST:.0f} s", output)
        return Outcome(name, FAILED, self._reason(output, code), output)

    def _command(self, script: Path) -> list[str]:
        arguments = [
            "--send_omit_free", "--ip_version=ipv4", f"--local_ip={LOCAL}", f"--gateway_ip={LOCAL}",
            f"--netmask_ip={NETMASK}", f"--remote_ip={REMOTE}", f"--mtu={MTU}", "-D", "CODE=host_unreachable",
            "-D", "CMSG_LEVEL_IP=SOL_IP", "-D", "CMSG_TYPE_RECVERR=IP_RECVERR", "-D", "TFO_COOKIE=3021b9d889017eeb"]
        setup = "ip link set lo up"
        prefix: list[str] = []
        if self.library:
            # Scripts set options of a device with this name. A small stack is all that may be locked without privilege.
            setup += " && ip tuntap add dev tun0 mode tun && ip link set tun0 up && ulimit -s 256"
            flags = f"local={LOCAL}/{PREFIX} mtu={MTU} {self.flags}".strip()
            arguments = [f"--so_filename={self.library}", f"--so_flags={flags}", *arguments]
            prefix = ["env", f"LD_PRELOAD={self.library}"]
        command = shlex.join([*prefix, str(self.packetdrill), *arguments, script.name])
        directory = shlex.quote(str(script.parent))
        return [*self.isolation.prefix, "bash", "-c", f"cd {directory} && {setup} && exec {command}"]

    @staticmethod
    def _reason(output: str, code: int) -> str:
        """What packetdrill says is wrong; for an assertion, what was asserted."""
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        asserted = next((line for line in lines if line.startswith("assert")), "")
        told = next((line for line in reversed(lines) if ".pkt:" in line), f"ended with code {code}")
        if asserted and "executing code" in told:
            values = [line for line in lines if line.startswith("AssertionError")]
            return f"{asserted} ({values[-1].removeprefix('AssertionError: ') if values else 'false'})"
        return told

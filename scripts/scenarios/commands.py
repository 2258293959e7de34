"""The command line beside the server: `lab`, `demo`, and what is said to mistakes."""

import os
import re
import shutil

from kernelpeer.host import STACK, Host
from kernelpeer.scenario import Skip, expect, scenario


def check_lab(host: Host, *prefix: str) -> None:
    """`tunstack lab` behind `prefix`: the command is served, and its exit code comes through."""
    binary = prefix + (host.binary, "lab", "--echo", "9877", "--")
    result = host.run(*binary, "nc", "-N", STACK, "9877", data=b"hello from the lab\n")
    expect(result.returncode == 0, f"nc in the lab ended with {result.returncode}: {result.stderr.strip()}")
    expect(b"hello from the lab\n" in result.stdout, f"nc in the lab printed {result.stdout!r}")
    result = host.run(*binary, "sh", "-c", "exit 7")
    expect(result.returncode == 7, f"the command's exit code was 7, the lab's is {result.returncode}")
    expect(not host.has_interface(), "the lab left its interface outside")


@scenario()
def lab(host: Host) -> None:
    """tunstack lab runs a command with the stack up and returns its exit code."""
    check_lab(host)


@scenario()
def lab_unprivileged(host: Host) -> None:
    """The same for a user without any privilege."""
    if host.unprivileged:
        check_lab(host)
        return
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")
    if host.run(*nobody, "unshare", "--user", "--map-root-user", "true").returncode != 0:
        raise Skip("this kernel does not allow user namespaces to ordinary users")
    if host.run(*nobody, "test", "-x", host.binary).returncode != 0:
        host.binary = shutil.copy(host.binary, host.path("tunstack"))
    if host.run(*nobody, host.binary, "--help").returncode != 0:
        raise Skip("an ordinary user cannot run this build: the Swift runtime is out of reach")
    if os.stat("/dev/net/tun").st_mode & 0o006 != 0o006:
        # Distributions let everyone open the device; here, in a mount namespace of our own, so do we.
        host.require("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/dev/net")
        host.require("mknod", "-m", "666", "/dev/net/tun", "c", "10", "200")
    check_lab(host, *nobody)


@scenario(isolated=False)
def demo_golden(host: Host) -> None:
    """tunstack demo golden prints the ten segments of an echo session, without any privilege."""
    result = host.tunstack("demo", "golden")
    expect(result.returncode == 0, f"it ended with {result.returncode}: {result.stderr.strip()}")
    flags = re.findall(r"Flags \[([^\]]*)\]", result.stdout.decode())
    expect(flags == ["S", "S.", ".", "P.", ".", "P.", ".", "F.", "F.", "."], f"the segments are {flags}")


@scenario(isolated=False)
def mistakes(host: Host) -> None:
    """A wrong option is named on standard error, with a hint, and nothing is started."""
    for arguments, named in (
            (("--echo", "70000"), "70000"), (("--echo", "9877", "--address", "10.77"), "10.77"),
            (("--ehco", "9877"), "--ehco"), (("demo", "no-such-demo"), "no-such-demo")):
        result = host.tunstack(*arguments)
        typed = " ".join(arguments)
        expect(result.returncode > 0, f"`tunstack {typed}` ended with {result.returncode}")
        expect(named in result.stderr, f"`tunstack {typed}` does not name {named}: {result.stderr!r}")

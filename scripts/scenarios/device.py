"""The interface: how it is set up, and what is said when it cannot be."""

import contextlib
import re
import time

from kernelpeer.host import INTERFACE, STACK, Host
from kernelpeer.scenario import eventually, expect, scenario
from kernelpeer.traffic import connect, echo_transfer, parallel_echo, ping_pong


@scenario()
def default_interface(host: Host) -> None:
    """The interface has the promised name, address, prefix and MTU, and is up."""
    with host.server():
        described = host.require("ip", "address", "show", "dev", INTERFACE)
        for wanted in (r"\bUP\b", r"\bmtu 1500\b", r"inet 10\.77\.0\.1/24\b"):
            expect(re.search(wanted, described), f"no {wanted} in:\n{described}")


@scenario()
def chosen_interface(host: Host) -> None:
    """Name, both addresses and MTU can be chosen, and the MSS follows the MTU."""
    options = ("--tun", "wire9", "--host-address", "10.99.3.1/28", "--address", "10.99.3.2", "--mtu", "1300")
    with host.server(*options, address="10.99.3.2", interface="wire9"):
        described = host.require("ip", "address", "show", "dev", "wire9")
        for wanted in (r"\bmtu 1300\b", r"inet 10\.99\.3\.1/28\b"):
            expect(re.search(wanted, described), f"no {wanted} in:\n{described}")
        with host.capture("wire9") as capture:
            echo_transfer(1_000_000, timeout=20, address="10.99.3.2")
            capture.wait_for(r"10\.99\.3\.2\.9877 > .*Flags \[S\.\].*mss 1260")


@scenario()
def interface_busy(host: Host) -> None:
    """A second tunstack with the same interface says so and fails; the first one goes on."""
    with host.server():
        result = host.tunstack("--echo", "9877")
        expect(result.returncode > 0, f"the second tunstack ended with {result.returncode}")
        said = result.stderr
        expect(INTERFACE in said and re.search("busy|in use|already|exists", said), f"it says only {said!r}")
        with connect() as connection:
            ping_pong(connection)


@scenario()
def two_interfaces(host: Host) -> None:
    """Two stacks with interfaces and addresses of their own run side by side."""
    second = ("--tun", "tunstack1", "--host-address", "10.78.0.1/24", "--address", "10.78.0.2")
    with host.server(), host.server(*second, address="10.78.0.2", interface="tunstack1"):
        for address in (STACK, "10.78.0.2"):
            with connect(address=address) as connection:
                ping_pong(connection)


@scenario(timeout=60)
def offload(host: Host) -> None:
    """Super-segments pass where the kernel is asked for them, and nothing longer than the MTU with --no-offload."""
    for options, who in (((), "by the kernel"), (("--no-offload",), "by the stack")):
        with host.server(*options) as server:
            echo_transfer(5_000_000, timeout=25)
            server.interrupt()
            said = server.process.output
        expect(f"offload: checksums and segmentation {who}" in said, f"it does not say who cuts: {said!r}")
        counts = re.search(r"device: read (\d+) \((\d+) super-segments, (\d+) bytes\)", said)
        expect(counts, f"no counts in {said!r}")
        packets, super_segments, size = map(int, counts.groups())
        expect(size > 5_000_000, f"only {size} bytes were read")
        if options:
            expect(super_segments == 0 and size <= 1500 * packets, f"{super_segments} super-segments were read")
        else:
            expect(super_segments > 0, f"no super-segment among {packets} packets")


@scenario(timeout=60)
def queues(host: Host) -> None:
    """Hundreds of connections on two queues get their bytes back, also after the kernel forgot whose they are."""
    with host.server("--queues", "2") as server, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect()) for _ in range(300)]
        for number, connection in enumerate(connections):
            ping_pong(connection, f"first {number}\n".encode())
        # The kernel keeps the queue of a flow for three seconds, and looks every second.
        silent_until = time.monotonic() + 4.5
        eventually(lambda: time.monotonic() > silent_until, "nothing is sent for a while", timeout=10)
        for number, connection in enumerate(connections):
            ping_pong(connection, f"second {number}\n".encode())
        parallel_echo(20, size=200_000, timeout=20)
        stack.close()
        server.interrupt()
    said = server.process.output
    handed = re.search(r"between queues: handed over (\d+), lost (\d+)", said)
    expect(handed, f"nothing was handed over: {said!r}")
    expect(int(handed.group(1)) > 200, f"only {handed.group(1)} packets were handed over")
    expect(handed.group(2) == "0", f"{handed.group(2)} packets were lost between the queues")


@scenario()
def no_permission(host: Host) -> None:
    """Without the right to make an interface it says which right that is, what to do, and fails."""
    powerless = ("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", "--")
    result = host.run(*powerless, host.binary, "--echo", "9877")
    said = result.stderr
    expect(result.returncode > 0, f"it ended with {result.returncode}")
    expect(re.search(r"permi|privilege|CAP_NET_ADMIN|root", said), f"it does not say what is missing: {said!r}")
    expect(re.search(r"sudo|tunstack lab", said), f"it does not say what to do: {said!r}")

"""Long transfers, apart from the suite."""

import re

from kernelpeer.host import Host
from kernelpeer.scenario import expect, scenario
from kernelpeer.traffic import echo_transfer


@scenario(timeout=590)
def soak_1g(host: Host) -> None:
    """1 GB goes through the echo service on a clean link, and neither end repairs a loss.

    The kernel sends a tail-loss probe (RFC 8985 §7) when an acknowledgment is some milliseconds late, as happens
    where more programs want to run than there are processors. Such a probe may repeat a segment, but repairs
    nothing: it is reported, and anything beyond it fails.
    """
    size = 1_000_000_000
    with host.server() as server:
        seconds = echo_transfer(size, timeout=570)
        print(f"{size:,} bytes each way in {seconds:.1f} s, {size * 8 / seconds / 1e9:.2f} Gbit/s each way")
        resent = host.counter("TcpRetransSegs")
        probes = host.counter("TcpExtTCPLossProbes")
        print(f"the kernel sent {resent} segments again, and {probes} tail-loss probes")
        expect(resent <= probes, f"the kernel sent {resent} segments again on a link that loses nothing")
    # What the stack counts, where it prints its counters at the end.
    for name, count in re.findall(r"(?i)(retransmi\w*)[\s:=]+(\d+)", server.process.output):
        expect(count == "0", f"the stack sent {count} segments again ({name}) on a link that loses nothing")

"""A link that loses packets."""

from kernelpeer.host import STACK, Host
from kernelpeer.scenario import eventually, expect, scenario
from kernelpeer.traffic import connect, echo_transfer, ping_pong


@scenario(timeout=120)
def loss_5_percent(host: Host) -> None:
    """5 MB arrive intact when every twentieth packet is lost in each direction."""
    with host.server("--no-offload"):
        host.drop(percent=5)
        echo_transfer(5_000_000, timeout=110)
        for hook in ("input", "output"):
            expect(host.dropped(hook) > 0, f"no packet was lost at {hook}: the scenario proved nothing")


@scenario(timeout=120)
def loss_5_percent_offload(host: Host) -> None:
    """The same with offloads, where a whole super-segment is lost at a time."""
    with host.server():
        host.drop(percent=5)
        echo_transfer(5_000_000, timeout=110)
        expect(host.dropped("input") + host.dropped("output") > 0, "no packet was lost: the scenario proved nothing")


@scenario()
def interruption(host: Host) -> None:
    """A connection survives a link that is dead for a while."""
    with host.server(), connect() as connection:
        ping_pong(connection)
        host.drop()
        connection.sendall(b"into the void\n")
        eventually(lambda: host.dropped("output") >= 3, "the kernel has sent again twice")
        host.stop_dropping()
        expect(connection.recv(100) == b"into the void\n", "the bytes sent during the interruption are gone")


@scenario()
def handshake_lost(host: Host) -> None:
    """A SYN-ACK that is lost is sent again, and the connection comes about."""
    with host.server():
        host.drop(hooks=("input",))
        client = host.start("nc", "-w", "10", STACK, "9877")
        eventually(lambda: host.dropped("input") > 0, "the first SYN-ACK is lost")
        host.stop_dropping()
        client.write(b"hello\n")
        client.wait_for("hello")
        client.kill()

"""Compiling the peers, those whose packages are installed, and what measures."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterable, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Benchmarks"
BUILD = ROOT / ".build/bench"
C_COMPILER = ["cc", "-O2", "-std=gnu17", "-Wall", "-Wextra", "-Werror", f"-I{SOURCES / 'device'}"]
LWIP_HEADERS = Path("/usr/include/lwip")
# Where Debian puts the sources of Go packages.
GO_PATH = Path("/usr/share/gocode")
# The source package of lwIP, which `scripts/setup-host --bench` unpacks there.
LWIP_SOURCE = BUILD / "lwip-source"


class Program(NamedTuple):
    """A program in C or Go; paths are below Benchmarks."""

    sources: tuple[str, ...]
    command: list[str]
    # What must be there, and the package that brings it.
    needs: list[tuple[Path | str, str]]
    libraries: tuple[str, ...] = ()
    environment: dict[str, str] = {}


def _c(*sources: str, libraries: tuple[str, ...] = ()) -> Program:
    return Program(sources, C_COMPILER, [("cc", "gcc")], libraries)


TUN = "device/tun.c"
PROGRAMS = {
    "path": _c("path/*.c", TUN),
    "pump": _c("device/pump.c", TUN),
    "ceiling": _c("device/ceiling.c", TUN),
    "client": _c("client/*.c", libraries=("-lpthread",)),
    "kernel": _c("peers/kernel.c"),
    "services": _c("peers/services.c"),
    "lwip": Program(("peers/lwip.c", TUN), [*C_COMPILER, f"-I{LWIP_HEADERS}"],
                    [("cc", "gcc"), (LWIP_HEADERS / "lwip/tcp.h", "liblwip-dev")], ("-llwip",)),
    # The library's own sources are compiled without our warnings.
    "lwip-tuned": Program(
        ("peers/lwip.c", TUN),
        ["cc", "-O2", "-std=gnu17", "-w", f"-I{SOURCES / 'device'}", f"-I{SOURCES / 'peers/lwip-tuned'}",
         f"-I{LWIP_SOURCE / 'src/include'}", f"-I{LWIP_SOURCE / 'port/include'}"],
        [("cc", "gcc"), (LWIP_SOURCE / "src/core/tcp.c", "the source package of lwip")],
        tuple(f"{LWIP_SOURCE}/{folder}/*.c" for folder in ("src/core", "src/core/ipv4"))),
    "gvisor": Program(("peers/gvisor/*.go",), ["go", "build"],
                      [("go", "golang-go"),
                       (GO_PATH / "src/gvisor.dev/gvisor/pkg/tcpip", "golang-gvisor-gvisor-dev")],
                      environment={"GO111MODULE": "off", "GOPATH": str(GO_PATH)}),
}


def missing_packages(name: str) -> list[str]:
    """The packages without which the program `name` cannot be made."""
    def is_there(what: Path | str) -> bool:
        return what.exists() if isinstance(what, Path) else shutil.which(what) is not None

    return [package for what, package in PROGRAMS[name].needs if not is_there(what)]


def build(name: str) -> Path:
    """Makes the program `name` unless it is newer than its sources; returns where it is.

    Raises `subprocess.CalledProcessError` when it cannot be compiled.
    """
    program = PROGRAMS[name]
    sources = [path for pattern in program.sources for path in sorted(SOURCES.glob(pattern))]
    result = BUILD / name
    # Headers are beside the sources that include them.
    newest = max(path.stat().st_mtime for folder in {source.parent for source in sources}
                 for path in folder.rglob("*"))
    if result.exists() and result.stat().st_mtime > newest:
        return result
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run([*program.command, "-o", str(result), *map(str, sources), *_libraries(program)], check=True,
                   env={**os.environ, **program.environment})
    return result


def build_all(names: Iterable[str]) -> Path:
    """Makes these programs; returns the folder that they are in."""
    for name in sorted(names):
        build(name)
    return BUILD


def _libraries(program: Program) -> list[str]:
    found = []
    for library in program.libraries:
        path = Path(library)
        found += sorted(map(str, path.parent.glob(path.name))) if path.is_absolute() else [library]
    return found


def build_swift(product: str, *options: str, scratch: str = "swift") -> Path:
    """Makes a program of the package in Benchmarks, in release mode; returns where it is.

    Raises `subprocess.CalledProcessError` when it cannot be compiled.
    """
    folder = BUILD / scratch
    command = ["swift", "build", "-c", "release", "--package-path", str(SOURCES), "--scratch-path", str(folder),
               "--product", product, *options]
    subprocess.run(command, check=True)
    return folder / "release" / product

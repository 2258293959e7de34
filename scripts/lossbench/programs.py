"""Compiling the emulator and the peers, those whose packages are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Benchmarks"
BUILD = ROOT / ".build/bench"
C_COMPILER = ["cc", "-O2", "-std=gnu17", "-Wall", "-Wextra", "-Werror"]
LWIP_HEADERS = Path("/usr/include/lwip")
# Where Debian puts the sources of Go packages.
GO_PATH = Path("/usr/share/gocode")


class Program(NamedTuple):
    folder: str
    sources: str
    command: list[str]
    environment: dict[str, str]
    # What must be there, and the package that brings it.
    needs: list[tuple[Path | str, str]]


PROGRAMS = {
    "path": Program("path", "*.c", C_COMPILER, {}, [("cc", "gcc")]),
    "kernel": Program("peers", "kernel.c", C_COMPILER, {}, [("cc", "gcc")]),
    "lwip": Program("peers", "lwip.c", [*C_COMPILER, f"-I{LWIP_HEADERS}"], {},
                    [("cc", "gcc"), (LWIP_HEADERS / "lwip/tcp.h", "liblwip-dev")]),
    "gvisor": Program("peers/gvisor", "*.go", ["go", "build"], {"GO111MODULE": "off", "GOPATH": str(GO_PATH)},
                      [("go", "golang-go"), (GO_PATH / "src/gvisor.dev/gvisor/pkg/tcpip", "golang-gvisor-gvisor-dev")]),
}
LIBRARIES = {"lwip": ["-llwip"]}


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
    folder = SOURCES / program.folder
    result = BUILD / name
    newest = max(path.stat().st_mtime for path in folder.iterdir())
    if result.exists() and result.stat().st_mtime > newest:
        return result
    BUILD.mkdir(parents=True, exist_ok=True)
    sources = [str(path) for path in sorted(folder.glob(program.sources))]
    subprocess.run([*program.command, "-o", str(result), *sources, *LIBRARIES.get(name, [])], check=True,
                   env={**os.environ, **program.environment})
    return result

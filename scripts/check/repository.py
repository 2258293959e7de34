"""What the checks share: where the repository is, reading it, reporting, and the tests with their marks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[2]
# -B: no __pycache__ appears beside the scripts.
PYTHON = "#!/usr/bin/env -S python3 -B"


def files(*patterns: str) -> list[Path]:
    """The repository's files, tracked or new but not ignored, that match one of git's `patterns`."""
    listed = subprocess.run(
        # The checkout may belong to another user than the one who checks it, in a container for instance.
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "--cached", "--others",
         "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted(path for name in set(listed.split("\0")) if name and (path := ROOT / name).is_file())


def name(path: Path, line: int | None = None) -> str:
    """How a place is shown: relative to the repository, as compilers do."""
    shown = str(path.relative_to(ROOT))
    return f"{shown}:{line}" if line else shown


def report(check: str, problems: list[str], good: str) -> NoReturn:
    """Ends the check: with one line if all is well, else with every problem and exit code 1."""
    for problem in problems:
        print(f"{check}: {problem}", file=sys.stderr)
    if not problems:
        print(f"{check}: {good}")
    sys.exit(1 if problems else 0)


class Attribute(NamedTuple):
    """A `@Test` or `@Suite` in a test's source."""

    path: Path
    line: int
    kind: str
    display_name: str
    marks: tuple[str, ...]
    declared: str


def test_attributes() -> Iterator[Attribute]:
    """Every `@Test` and `@Suite`, with the display name, the requirement marks and the declaration that follows."""
    for path in files("Tests/*.swift"):
        source = path.read_text()
        for match in re.finditer(r"^[ \t]*@(Test|Suite)\b", source, re.MULTILINE):
            arguments, rest = _arguments(source, match.end())
            named = re.match(r'\s*"((?:[^"\\]|\\.)*)"', arguments)
            declared = re.search(r"\b(?:func|struct|class|enum|actor)\s+(?:`([^`]+)`|(\w+))", source[rest:])
            raw, plain = declared.groups() if declared else (None, "")
            yield Attribute(
                path, source.count("\n", 0, match.start(1)) + 1, match.group(1),
                re.sub(r"\\(.)", r"\1", named.group(1)) if named else raw or "",
                tuple(re.findall(r'\.requirement\(\s*"([^"]*)"', arguments)), raw or plain)


def _arguments(source: str, start: int) -> tuple[str, int]:
    """The text inside the parentheses that open at `start`, empty if none do, and where the text after them begins."""
    if source[start:start + 1] != "(":
        return "", start
    depth = 0
    for token in re.finditer(r'"""|"(?:[^"\\\n]|\\.)*"|[()]', source[start:]):
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth == 0:
            end = start + token.end()
            return source[start + 1:end - 1], end
    return source[start + 1:], len(source)

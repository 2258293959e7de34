"""A chart of the throughput, for the page: bars, legible on light and on dark ground."""

from __future__ import annotations

from html import escape
from pathlib import Path

from benchlab.programs import ROOT
from benchlab.tables import figure
from speedbench.catalogue import CONFIGURATIONS
from speedbench.results import SpeedResults

CHART = ROOT / "docs/images/throughput.svg"
PANELS = [("up", "to the stack"), ("down", "from the stack"), ("echo", "echo, each way")]
# Measures in pixels.
LABELS, PANEL, GAP, BAR, ROW, HEAD, FOOT = 170, 190, 50, 14, 22, 48, 16
STYLE = """
    text { font: 12px system-ui, sans-serif; fill: #6e7781; }
    .head { font-weight: 600; }
    .ours { fill: #d9480f; }
    .kernel { fill: #6b7785; }
    .other { fill: #4c8dae; }
    .plain { opacity: .55; }
    @media (prefers-color-scheme: dark) { text { fill: #adbac7; } }
"""


def draw(results: SpeedResults) -> str:
    """The chart as SVG."""
    rows = [configuration for configuration in CONFIGURATIONS
            if any(results.median(test, configuration.name, "gbit") is not None for test, _ in PANELS)]
    width = LABELS + len(PANELS) * (PANEL + GAP)
    height = HEAD + ROW * len(rows) + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="Throughput of one connection in Gbit/s">',
        f"<style>{STYLE}</style>",
        f'<text class="head" x="8" y="18">Gbit/s</text>',
    ]
    for number, row in enumerate(rows):
        parts.append(_text(LABELS - 8, HEAD + ROW * number, row.name, "end"))
    for number, (test, title) in enumerate(PANELS):
        left = LABELS + number * (PANEL + GAP)
        parts.append(f'<text class="head" x="{left}" y="18">{escape(title)}</text>')
        values = {row.name: results.median(test, row.name, "gbit") for row in rows}
        largest = max((value for value in values.values() if value), default=1)
        for place, row in enumerate(rows):
            value = values[row.name]
            if value is not None:
                parts += _bar(left, HEAD + ROW * place, value, largest, _style(row.name, row.offloads))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _style(name: str, offloads: bool) -> str:
    family = "ours" if name.startswith("tunstack") else "kernel" if name.startswith("kernel") else "other"
    return family if offloads else f"{family} plain"


def _bar(left: int, top: int, value: float, largest: float, style: str) -> list[str]:
    length = max(1, round(PANEL * value / largest))
    return [f'<rect class="{style}" x="{left}" y="{top}" width="{length}" height="{BAR}" rx="2"/>',
            _text(left + length + 4, top, figure(value))]


def _text(x: int, top: int, text: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{top + BAR - 3}" text-anchor="{anchor}">{escape(text)}</text>'


def write(results: SpeedResults) -> Path:
    """Puts the chart where the page shows it."""
    CHART.parent.mkdir(parents=True, exist_ok=True)
    CHART.write_text(draw(results))
    return CHART

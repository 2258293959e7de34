"""Tables of what was measured."""

from __future__ import annotations

from typing import NamedTuple

from benchlab.tables import Table, spread
from speedbench.catalogue import BULK, CEILINGS, CONFIGURATIONS, RAW
from speedbench.results import SpeedResults

# What the rows are compared with.
REFERENCE = "kernel-veth"


class Column(NamedTuple):
    """One column: medians of a figure in a test."""

    header: str
    test: str
    figure: str
    # Whether the ratio to the reference is shown too.
    has_ratio: bool = False


def tables(results: SpeedResults) -> list[Table]:
    """Every table for which there is something to show."""
    bulk = [Column(test, test, "gbit", True) for test in BULK]
    processors = [Column(f"{test}, {who}", test, figure) for test in BULK
                  for who, figure in (("server", "server_per_gb"), ("machine", "machine_per_gb"))]
    latency = [Column(f"{test} {name}", test, figure) for test in ("ping", "idle-1k", "idle-10k")
               for name, figure in (("p50", "p50_us"), ("p99", "p99_us"), ("p99.9", "p999_us"))]
    connections = [
        Column("1 at a time, /s", "short-1", "per_second", True),
        Column("64 in flight, /s", "short-64", "per_second", True),
        Column("64 in flight, p99 us", "short-64", "p99_us"),
        Column("bytes each of 1,000 idle", "idle-1k", "resident_bytes_each"),
        Column("of 10,000 idle", "idle-10k", "resident_bytes_each"),
        Column("of the kernel's memory, both ends", "idle-10k", "slab_bytes_each")]
    beside = [column for direction in ("up", "down") for column in (
        Column(f"beside {direction}: p50 us", f"small-beside-{direction}", "p50_us"),
        Column("p99 us", f"small-beside-{direction}", "p99_us"),
        Column("p99.9 us", f"small-beside-{direction}", "p999_us"),
        Column("bulk, Gbit/s", f"small-beside-{direction}", "bulk_gbit"))]
    made = [
        _table(f"One connection, Gbit/s; in brackets over {REFERENCE} in the same round", bulk, results),
        _table("Processor seconds per GB: of the server's process, and of the whole machine", processors, results),
        _table("One byte there and back on one core, microseconds: alone, beside 1,000 and 10,000 idle connections",
               latency, results),
        _table(f"Connections; in brackets over {REFERENCE}", connections, results),
        _table("100 connections with one byte there and back, beside a bulk transfer", beside, results),
        _ceilings(results),
    ]
    return [table for table in made if table.rows]


def _table(title: str, columns: list[Column], results: SpeedResults) -> Table:
    rows = []
    for configuration in CONFIGURATIONS:
        cells = [_cell(column, configuration.name, results) for column in columns]
        if any(cell != "–" for cell in cells):
            rows.append([configuration.name, *cells])
    return Table(title, ["", *(column.header for column in columns)], rows)


def _cell(column: Column, configuration: str, results: SpeedResults) -> str:
    text = spread(results.values(column.test, configuration, column.figure))
    if not column.has_ratio or configuration == REFERENCE:
        return text
    ratio = results.ratio(column.test, column.figure, configuration, [REFERENCE])
    return text if ratio is None else f"{text} [{ratio:.2f}]"


def _ceilings(results: SpeedResults) -> Table:
    rows = [[test.what, spread(results.values(test.name, RAW, "gbit")),
             spread([value / 1000 for value in results.values(test.name, RAW, "per_second")])]
            for test in CEILINGS if results.values(test.name, RAW, "gbit")]
    return Table("The device alone, without TCP", ["", "Gbit/s", "1,000 frames/s"], rows)

"""What was measured of a network: as JSON has it, and as tables of 80 columns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from textwrap import wrap
from typing import Any

from archspec.latency import WAYS
from archspec.latency.rounds import Spread
from archspec.latency.ways import WrittenFile
from archspec.render import count
from archspec.reports import tables

_WIDTH = 80
_HEADER = ("median ms", "p10 - p90", "of eager", "p10 - p90")


@dataclass(frozen=True, slots=True)
class Row:
    """One way at one batch size, on so many threads of the CPU: milliseconds for each call; and, round by round, how
    many times those of torch eager, where that was measured."""

    way: str
    batch: int | None
    threads: int
    rounds: int
    ms: Spread
    of_eager: Spread | None


@dataclass(frozen=True, slots=True)
class Pair:
    """How many times as long archspec's file takes as the other exporter's, round by round."""

    batch: int | None
    threads: int
    ours_of_theirs: Spread


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """How long a network takes, in each of the ways that were asked for. A batch of None: no size of the network is
    open under that name."""

    name: str
    device: str
    weights: str
    inputs: Mapping[str, str]
    sizes: Mapping[str, int]  # what other symbols in the inputs' shapes are
    rows: Sequence[Row]
    pairs: Sequence[Pair]
    files: Mapping[str, WrittenFile]
    obstacles: Mapping[str, str]  # why a way did not run
    versions: Mapping[str, str]
    cores: int = field(default_factory=lambda: os.cpu_count() or 1)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)

    def text(self, color: bool = False) -> str:
        """A table for each batch size and number of threads, and what is to be said of them all."""
        blocks = [_wrapped(self._head())]
        for (batch, threads), rows in groupby(self.rows, key=lambda row: (row.batch, row.threads)):
            cells = [(WAYS[row.way], _ms(row.ms.median), _range(row.ms, _ms), *_ratio(row.of_eager)) for row in rows]
            table = tables.Table((setting(batch, threads), *_HEADER), cells, left=1)
            blocks.append(tables.text([table], [""] * len(cells), _WIDTH, color))
        return "\n\n".join([*blocks, _wrapped(self._notes())])

    def _head(self) -> Iterator[str]:
        shapes = ", ".join(f"{name} {shape}" for name, shape in self.inputs.items())
        sizes = "".join(f", {name} {size}" for name, size in self.sizes.items())
        yield f"{self.name}, {shapes}{sizes}; {self.weights}"
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        yield f"{self.device}, {count(self.cores, 'core')}; {versions}"

    def _notes(self) -> Iterator[str]:
        for pair in self.pairs:
            ratio = pair.ours_of_theirs
            where = setting(pair.batch, pair.threads)
            yield f"archspec / torch.onnx: {ratio.median:.2f}, {_range(ratio, '{:.2f}'.format)} ({where})"
        if self.files:
            counts = ", ".join(
                f"{WAYS[way].rpartition(' ')[2]} {file.nodes:,} (opset {file.opset})"
                for way, file in self.files.items()
            )
            yield f"nodes after basic optimisation: {counts}"
        if self.rows:
            least, most = (choose(row.rounds for row in self.rows) for choose in (min, max))
            yield f"rounds: {least if least == most else f'{least} to {most}'}"
        for way, obstacle in self.obstacles.items():
            yield f"{WAYS[way]} did not run: {obstacle}"


def _wrapped(lines: Iterator[str]) -> str:
    return "\n".join(part for line in lines for part in wrap(line, _WIDTH, subsequent_indent="  "))


def setting(batch: int | None, threads: int) -> str:
    """What is the same for the ways that are compared."""
    return count(threads, "thread") if batch is None else f"batch {batch}, {count(threads, 'thread')}"


def _ratio(spread: Spread | None) -> tuple[str, str]:
    return (f"{spread.median:.2f}", _range(spread, "{:.2f}".format)) if spread else ("-", "-")


def _range(spread: Spread, form: Callable[[float], str]) -> str:
    return f"{form(spread.p10)} - {form(spread.p90)}"


def _ms(value: float) -> str:
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"

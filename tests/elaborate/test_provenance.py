"""Where sizes come from: the walk back keeps the size, and ends where changing the number there changes the size."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archspec.compilation import compile_target
from archspec.elaborate.provenance import origin
from archspec.graph import Graph

SPECS = sorted(path.stem for path in Path("specs").glob("*.yaml"))


def graph_of(text: str) -> Graph:
    compilation = compile_target(text)
    assert compilation.graph is not None, list(compilation.diagnostics)
    return compilation.graph


@pytest.mark.parametrize("name", SPECS)
def test_the_way_back_keeps_the_size(name: str) -> None:
    graph = graph_of(name)
    for node in graph.nodes[:150]:
        for value in node.outputs:
            for axis, size in enumerate(value.type.shape):
                first, there = origin(value, axis)
                assert first.type.shape[there] == size, (value, axis)


NET = """
archspec: 1
inputs: {{image: [N, 3, {rows}, 30]}}
layers:
  stem: {{op: Conv2d, out_channels: {stem}, kernel_size: 3, padding: 1}}
  bn: BatchNorm2d
  relu: ReLU
  norm: {{op: GroupNorm, num_groups: 2}}
  wide: {{op: Conv2d, out_channels: {stem}, kernel_size: 3, padding: 1, in_channels: {stem}}}
  add: {{op: Add, from: [norm, wide]}}
  swap: {{op: Permute, dims: [0, 2, 3, 1]}}
  last: LayerNorm
  two: {{op: Chunk, chunks: 2, dim: 1}}
  cat: {{op: Concat, dim: 3, from: [two.0, two.0]}}
  small: {{op: MaxPool2d, kernel_size: 2, from: add}}
outputs: {{cat: cat, small: small}}
"""


@pytest.mark.parametrize(
    ("layer", "axis", "expected"),
    [
        ("stem", 1, ("stem", 1)),
        ("norm", 0, ("image", 0)),
        ("norm", 1, ("stem", 1)),  # through layers that take any number of channels
        ("wide", 1, ("wide", 1)),  # and not through one that sets the number it reads
        ("wide", 3, ("image", 3)),
        ("add", 1, ("stem", 1)),
        ("swap", 3, ("stem", 1)),  # moved to another axis
        ("last", 3, ("stem", 1)),
        ("two.1", 1, ("two.1", 1)),
        ("cat", 2, ("image", 3)),
        ("cat", 3, ("cat", 3)),  # a sum
        ("small", 2, ("small", 2)),
    ],
)
def test_the_way_back(layer: str, axis: int, expected: tuple[str, int]) -> None:
    graph = graph_of(NET.format(rows=20, stem=16))
    value = next(value for node in graph.nodes for value in node.outputs if value.name == layer)
    first, there = origin(value, axis)
    assert (first.name, there) == expected


def said(text: str) -> list[tuple[str, list[str], list[str]]]:
    return [
        (item.message, [f"{label.span.text}: {label.text}" for label in item.labels], list(item.notes))
        for item in compile_target(text).diagnostics
    ]


def test_both_sides_of_a_disagreement_are_shown() -> None:
    wide = "wide: {op: Conv2d, out_channels: "
    text = NET.format(rows=20, stem=16).replace(f"{wide}16", f"{wide}8")
    [(message, labels, notes)] = said(text)
    assert message.startswith("Add meets 16 and 8 channels")
    assert labels == ["16: 16 channels set here", "8: 8 channels set here"]
    assert notes == []


def test_sizes_that_are_worked_out_come_with_their_arithmetic() -> None:
    text = NET.format(rows=20, stem=16).replace("from: [norm, wide]", "from: [norm, less]").replace(
        "  add:", "  less: {op: Conv2d, out_channels: 16, kernel_size: 3, stride: 2}\n  add:"
    )
    [(message, labels, notes)] = said(text)
    assert message.startswith("Add meets 20 and 9 rows")
    assert labels == ["20: 20 rows given here", "2: 20 rows become 9 here"]
    [note] = notes
    arithmetic, _, result = note.partition(": ")[2].rpartition(" = ")
    assert re.fullmatch(r"[\d\s+*/()floor-]+", arithmetic)
    assert eval(arithmetic, {"floor": int}) == int(result) == 9

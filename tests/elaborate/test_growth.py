"""Time and memory grow as the number of layers, whatever the shape of the network: counted, not timed."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from archspec import ops
from archspec.diagnostics import Diagnostics
from archspec.elaborate import Options, elaborate
from archspec.graph import Graph
from archspec.reports import summarize
from archspec.zoo import text_target

HEAD = """\
archspec: 1
name: growing
inputs: {image: [N, 8, 8, 8]}
blocks:
  Residual:
    args: {width: int, act: op = ReLU}
    let: {inner: width // 2}
    layers:
      conv1: {op: Conv2d, out_channels: inner, kernel_size: 1, bias: false}
      act: act
      conv2: {op: Conv2d, out_channels: width, kernel_size: 3, padding: 1}
      add: {op: Add, from: [conv2, x]}
"""
BY_HAND = ("- {op: Conv2d, out_channels: 8, kernel_size: 1}", "- BatchNorm2d", "- ReLU")


def nested(leaves: int) -> str:
    """Blocks of two blocks of two blocks, with at least so many leaves."""
    depth = (leaves - 1).bit_length()
    blocks = "".join(
        f"  Depth{i + 1}:\n    layers:\n      both: {{op: Depth{i}, repeat: 2}}\n" for i in range(depth)
    )
    return f"  Depth0: {{layers: {{leaf: ReLU}}}}\n{blocks}layers: {{top: Depth{depth}}}\n"


def blocks_with(extra: str, count: int) -> str:
    return f"layers:\n  body: {{op: Residual, repeat: {count}, width: 8}}\n{extra}"


SHAPES: dict[str, Callable[[int], str]] = {
    "written by hand": lambda n: "layers:\n" + "".join(f"  {BY_HAND[i % 3]}\n" for i in range(n)),
    "one after the other": lambda n: f"layers:\n  - {{op: ReLU, repeat: {n}}}\n",
    "repeated blocks": lambda n: blocks_with("", n // 4),
    "blocks in blocks": nested,
    "different sizes": lambda n: (
        f"layers:\n  - {{op: Conv2d, out_channels: 1 + i % 512, kernel_size: 1, repeat: i in range({n})}}\n"
    ),
    "branches": lambda n: (
        f"layers:\n  branches: {{layers: [{{op: ReLU, repeat: {n}, from: image}}]}}\n"
        "  all: {op: Concat, from: branches.*}\n"
    ),
    "skips": lambda n: (
        f"layers:\n  down{{i}}: {{op: ReLU, repeat: i in range({n // 2})}}\n"
        f"  up{{i}}: {{op: Add, from: [prev, 'down{{{n // 2} - 1 - i}}'], repeat: i in range({n // 2})}}\n"
    ),
    "reads into scopes": lambda n: blocks_with(
        f"  read{{i}}: {{op: Add, from: [prev, 'body.{{i}}.conv2'], repeat: i in range({n // 5})}}\n", n // 5
    ),
    "absent layers": lambda n: f"layers:\n  some{{i}}: {{op: ReLU, if: i % 2 == 0, repeat: i in range({n})}}\n",
    "shared layers": lambda n: f"layers:\n  head: ReLU\n  again{{i}}: {{share: head, repeat: i in range({n})}}\n",
    "spliced layers": lambda n: f"layers:\n  body: {{layers: [{{splice: [ReLU, Dropout], repeat: {n // 2}}}]}}\n",
    "numbered inside": lambda n: (
        f"layers:\n  stage{{s}}:\n    repeat: s in range({n // 4})\n    layers:\n      acts: {{op: ReLU, repeat: 4}}\n"
    ),
    "lets": lambda n: (
        f"layers:\n  - op: Dropout\n    repeat: i in range({n})\n    let: {{a: i + 1, b: a * 2}}\n    p: 1 / b\n"
    ),
    "in place": lambda n: (
        f"layers:\n  first: Sigmoid\n  rest: {{layers: [{{op: Dropout, inplace: true, repeat: {n}}}]}}\n"
    ),
}


def network(text: str) -> Callable[[], Graph]:
    """The elaboration of a spec that is read already."""
    diagnostics = Diagnostics()
    target = text_target(HEAD + text, diagnostics)
    spec = target.spec
    assert spec is not None, [item.message for item in diagnostics]

    def work() -> Graph:
        found = Diagnostics()
        graph = elaborate(spec, target.library, found, Options(max_layers=1_000_000))
        assert graph is not None, [item.message for item in found]
        return graph

    return work


def calls(work: Callable[[], object]) -> int:
    """How many calls of Python and of C functions a second run takes."""
    work()
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_calls_grow_as_the_layers(shape: str) -> None:
    few, many = network(SHAPES[shape](128)), network(SHAPES[shape](1024))
    growth = len(many().nodes) / len(few().nodes)
    assert growth > 7.5
    assert calls(many) <= 1.1 * growth * calls(few)


@pytest.mark.parametrize("shape", SHAPES)
def test_calls_of_the_summary_grow_as_the_layers(shape: str) -> None:
    few, many = network(SHAPES[shape](128))(), network(SHAPES[shape](1024))()
    growth = len(many.nodes) / len(few.nodes)
    assert calls(lambda: summarize(many)) <= 1.1 * growth * calls(lambda: summarize(few))


def peak(work: Callable[[], object]) -> int:
    """The most memory that a run takes, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", ["written by hand", "repeated blocks", "branches", "skips"])
def test_memory_grows_as_the_layers(shape: str) -> None:
    few, many = network(SHAPES[shape](600)), network(SHAPES[shape](8 * 600))
    assert peak(many) <= 1.25 * 8 * peak(few)  # hash tables grow in steps


def kept(work: Callable[[], Graph]) -> int:
    """How many objects a graph holds."""
    gc.collect()
    before = sys.getallocatedblocks()
    graph = work()
    return sys.getallocatedblocks() - before if graph.nodes else 0


def test_100_000_layers_are_ten_times_10_000() -> None:
    few, many = network(SHAPES["repeated blocks"](10_000)), network(SHAPES["repeated blocks"](100_000))
    assert kept(many) <= 10.5 * kept(few)


@pytest.fixture
def inferred(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each op has inferred its types."""
    counts: Counter[str] = Counter()
    for name in ("Conv2d", "ReLU", "Add"):
        op = ops.find(name)
        assert op is not None

        def counted(self: Any, *inputs: Any, name: str = name, infer: Any = op.infer) -> Any:
            counts[name] += 1
            return infer(self, *inputs)

        monkeypatch.setattr(op, "infer", counted)
    return counts


def test_blocks_with_equal_inputs_are_inferred_once(inferred: Counter[str]) -> None:
    network(blocks_with("", 1))()
    assert inferred == {"Conv2d": 2, "ReLU": 1, "Add": 1}
    inferred.clear()
    assert len(network(blocks_with("", 1_000))().nodes) == 4_000
    assert inferred == {"Conv2d": 2, "ReLU": 1, "Add": 1}


def test_nested_blocks_with_equal_inputs_are_inferred_once(inferred: Counter[str]) -> None:
    assert len(network(nested(1_000))().nodes) == 1_024
    assert inferred == {"ReLU": 1}

"""Time and memory grow as the number of layers, whatever the shape of the network: counted, not timed."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from archspec import ops
from archspec.compilation import compile_target
from archspec.diagnostics import MOST_ERRORS, Diagnostics
from archspec.elaborate import Options, elaborate
from archspec.elaborate.effort import Effort
from archspec.graph import Graph
from archspec.reports import summarize
from archspec.zoo import text_target
from tests import counting
from tests.counting import peak

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
        graph = elaborate(spec, target.library, found, Options(max_layers=1_000_000)).graph
        assert graph is not None, [item.message for item in found]
        return graph

    return work


def calls(work: Callable[[], object]) -> int:
    """How many calls of Python and of C functions a second run takes."""
    work()
    return counting.calls(work)


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


def test_layers_with_equal_inputs_are_inferred_once(inferred: Counter[str]) -> None:
    assert len(network(blocks_with("", 1_000))().nodes) == 4_000
    assert inferred == {"Conv2d": 2, "ReLU": 1, "Add": 1}
    inferred.clear()
    assert len(network(blocks_with("  last: Tanh\n", 1))().nodes) == 5
    assert inferred == {}  # another network, of the same layers


def test_layers_of_nested_blocks_are_inferred_once(inferred: Counter[str]) -> None:
    assert len(network(nested(1_000))().nodes) == 1_024
    assert inferred == {"ReLU": 1}


# --- what describes little, or nothing --------------------------------------------------------------------


def chain(count: int, entry: str, section: str) -> str:
    """Names of which each needs the one that stands below it."""
    names = "".join(f"  {entry.format(i=i, next=i - 1)}\n" for i in range(count - 1, 0, -1))
    return f"{section}:\n{names}  v0: 1\n"


FRUITLESS: dict[str, Callable[[int], str]] = {
    "blocks that nothing uses": lambda n: (
        "".join(f"  Unused{i}: {{layers: [{{op: Residual, width: 8, repeat: 3}}, ReLU]}}\n" for i in range(n))
        + "layers: [ReLU]\n"
    ),
    "a chain of absent layers": lambda n: (
        "layers:\n  a0: ReLU\n"
        + "".join(f"  a{i}: {{op: Tanh, if: false, from: a{i - 1}}}\n" for i in range(1, n))
        + f"  last: {{op: Tanh, from: a{n - 1}}}\n"
    ),
    "absent scopes": lambda n: "layers:\n" + "  - {if: false, layers: [ReLU, Tanh]}\n" * n + "  - ReLU\n",
    "rounds of nothing": lambda n: f"layers:\n  - ReLU\n  - {{op: ReLU, if: false, repeat: {n}}}\n",
    "lets in the wrong order": lambda n: (
        chain(n, "v{i}: v{next} + 1", "let") + f"layers: [{{op: Dropout, p: 1 / v{n - 1}}}]\n"
    ),
    "args in the wrong order": lambda n: (
        chain(n, "v{i}: int = v{next} + 1", "args") + f"layers: [{{op: Dropout, p: 1 / v{n - 1}}}]\n"
    ),
    "lets that use two others": lambda n: (
        "let:\n"
        + "".join(f"  v{i}: (v{i - 1} + v{i - 2}) % 7\n" for i in range(n, 1, -1))
        + f"  v0: 1\n  v1: 1\nlayers: [{{op: Dropout, p: 1 / (1 + v{n})}}]\n"
    ),
    "outputs": lambda n: "layers: {a: ReLU}\noutputs:\n" + "".join(f"  out{i}: a\n" for i in range(n)),
    "promises": lambda n: "layers: {a: ReLU}\nassert:\n" + "".join(f"  - params < {i + 1}\n" for i in range(n)),
    "initialised paths": lambda n: (
        f"layers: [{{op: BatchNorm2d, repeat: {n}}}]\ninit:\n"
        + "".join(f"  '{i}': {{weight: ones}}\n" for i in range(n))
    ),
    "misspelt tensors": lambda n: (
        f"layers: [{{op: BatchNorm2d, repeat: {n}}}]\ninit:\n  BatchNorm2d:\n"
        + "".join(f"    wieght{i}: ones\n" for i in range(n))
    ),
}


@pytest.mark.parametrize("shape", FRUITLESS)
def test_calls_grow_as_the_text(shape: str) -> None:
    few, many = (attempt(HEAD + FRUITLESS[shape](count)) for count in (40, 160))
    assert calls(many) <= 1.2 * 4 * calls(few)


def attempt(text: str, **options: int) -> Callable[[], list[str]]:
    """The codes of a spec, which may have mistakes."""

    def work() -> list[str]:
        return [item.code.name for item in compile_target(text, **options).diagnostics]  # type: ignore[arg-type]

    return work


BIG = '"[i for i in range(1000)]"'
NESTED = "\n".join(f"  Depth{i}: {{layers: [Depth{i - 1}, Depth{i - 1}]}}" for i in range(1, 60))
REFUSED = {
    "rounds of rounds": ("layers: [ReLU, {op: ReLU, if: false, repeat: 'i in range(9999), j in range(9999)'}]", "A606"),
    "a count without end": ("layers: [ReLU, {op: ReLU, if: false, repeat: 2 ** 53}]", "A606"),
    "sums of lists in a comprehension": (
        f"let: {{big: {BIG}}}\nlayers: [{{op: Dropout, p: '1 / len([{'+'.join(['sum(big)'] * 40)} for i in big])'}}]",
        "A606",
    ),
    "the same list in every layer": (
        f"let: {{big: {BIG}}}\nlayers: [{{op: Dropout, repeat: 5000, p: 1 / sum(big)}}]",
        "A606",
    ),
    "a block with thousands of arguments": (
        "  Wide: {args: {" + ", ".join(f"a{i}: {i}" for i in range(500)) + "}, layers: [ReLU]}\n"
        "layers: [{op: Wide, repeat: 1000}]",
        "A606",
    ),
    "every layer reads all of many": (
        "layers: {many: [{op: ReLU, from: image, repeat: 500}],"
        " 'all{i}': {op: Add, from: many.*, repeat: i in range(400)}}",
        "A606",
    ),
    "blocks in blocks in blocks": (f"  Depth0: {{layers: [ReLU]}}\n{NESTED}\nlayers: [Depth59]", "A603"),
    "blocks of nothing in blocks": (
        f"  Depth0: {{layers: [{{op: ReLU, if: false}}]}}\n{NESTED}\nlayers: [ReLU, Depth59]",
        "A603",
    ),
    "an axis in a million parts": ("layers: [{op: Chunk, dim: 0, chunks: 10 ** 15}]", "A605"),
    "a text of texts of texts": (
        "  Text0: {args: {s: str}, layers: [ReLU]}\n"
        + "".join(
            f"  Text{i}: {{args: {{s: str}}, layers: [{{op: Text{i - 1}, s: '{{s}}{{s}}'}}]}}\n" for i in range(1, 40)
        )
        + "layers: [{op: Text39, s: again}]",
        "A604",
    ),
    "too many indices": (
        f"layers: [{{op: ReLU, repeat: '{', '.join(f'i{k} in range(1)' for k in range(99))}'}}]",
        "A208",
    ),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_what_describes_too_little_is_refused(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archspec.elaborate.network.Effort", partial(Effort, allowed=50_000))
    text, code = REFUSED[shape]
    found = attempt(HEAD + text + "\n", max_layers=1_000)()
    assert [each for each in found if not each.startswith("A4")] == [code]


def test_unused_blocks_are_no_part_of_the_network() -> None:
    text = f"{HEAD}  Depth0: {{layers: [ReLU]}}\n{NESTED}\nlayers: [ReLU]\n"
    assert attempt(text)() == ["A401", "A401"]  # of them, and of `Residual`
    wrong = text.replace("{layers: [Depth0, Depth0]}", "{layers: [Depth0, {op: Depth0, width: 1}]}")
    assert attempt(wrong)() == ["A303"]


def test_splices_in_blocks_in_blocks_are_walked_however_deep() -> None:
    inner = "{splice: [" * 12
    blocks = "".join(f"  Deep{i}: {{layers: [{inner}Deep{i - 1}{']}' * 12}]}}\n" for i in range(1, 60))
    assert attempt(f"{HEAD}  Deep0: {{layers: [ReLU]}}\n{blocks}layers: [Deep59, {{op: Residual, width: 8}}]\n")() == []


def test_a_circle_of_names_is_found_however_long() -> None:
    names = "".join(f"  v{i}: v{(i + 1) % 300} + 1\n" for i in range(300))
    assert attempt(f"{HEAD}let:\n{names}layers: [{{op: Dropout, p: 1 / v7}}]\n")() == ["A307"]


def test_the_first_of_many_mistakes_get_near_names() -> None:
    layers = "".join(f"  layer{i}: {{op: ReLU, from: leyer{i - 1}}}\n" for i in range(1_500))
    found = [*compile_target(f"{HEAD}layers:\n{layers}").diagnostics]
    assert len(found) == MOST_ERRORS
    assert "there may be more" in found[-1].notes[-1]
    assert all(item.helps for item in found[1:200])


def test_conditions_on_sizes_are_bounded_together() -> None:
    pairs = "".join(
        f"  - {{op: MaxPool2d, kernel_size: {2 + i % 3}}}\n  - {{op: Upsample, scale_factor: {2 + i % 3}}}\n"
        for i in range(16)
    )
    text = f"archspec: 1\nname: sizes\ninputs: {{image: [N, 3, H, W]}}\nlayers:\n{pairs}"
    assert calls(attempt(text)) < 8_000_000

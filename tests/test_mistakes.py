"""All mistakes, each once: independent mistakes of one file are all told, in source order, and one mistake in a block
is told once, however often the block is used."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archspec.compilation import compile_target
from archspec.diagnostics import Diagnostic

# Each line of a network: as it should be, how people get it wrong, and the code of that.
LINES = [
    ("args: {width: 16, classes: 10}", "args: {width: 16, classes: 10, Deep: 3}", "A205"),
    (
        "inputs: {image: [N, 3, 32, 32], mask: {shape: [N, 3], dtype: int64}}",
        "inputs: {image: [N, 3, 32, 32], mask: {shape: [N, 3], dtype: int46}}",
        "A305",
    ),
    ("blocks:\n  Act: {layers: [ReLU]}", "blocks:\n  Act: {layers: [RelU6]}", "A302"),
    (
        "layers:\n  stem: {op: Conv2d, out_channels: width, kernel_size: 3}",
        "layers:\n  stem: {op: Conv3d, out_channels: width, kernel_size: 3}",
        "A501",
    ),
    ("  act: Act", "  act: Actt", "A302"),
    (
        "  left: {op: Conv2d, out_channels: 8, kernel_size: 3, from: image}",
        "  left: {op: Conv2d, out_chanels: 8, kernel_size: 3, from: image}",
        "A303",
    ),
    (
        "  right: {op: Conv2d, out_channels: 8, kernel_size: 3, from: image}",
        "  right: {op: Conv2d, out_channels: 8, from: image}",
        "A304",
    ),
    (
        "  pool: {op: MaxPool2d, kernel_size: 2, from: image}",
        "  pool: {op: MaxPool2d, kernel_size: 2, from: imgae}",
        "A308",
    ),
    (
        "  norm: {op: GroupNorm, num_groups: 1, from: image}",
        "  norm: {op: GroupNorm, num_groups: 2, from: image}",
        "A502",
    ),
    ("  sum: {op: Add, from: [image, norm]}", "  sum: {op: Add, from: [image, summ]}", "A308"),
    ("  drop: {op: Dropout, p: 0.5, from: image}", "  drop: {op: Dropout, p: high, from: image}", "A301"),
    ("  flat: {op: Flatten, from: image}", "  flat: {op: Flatten, if: 2, from: image}", "A305"),
    (
        "  fc: {op: Linear, out_features: classes, from: image}",
        "  fc: {op: Linear, out_features: classes / 3, from: image}",
        "A305",
    ),
    (
        "  last: {op: Add, from: [image, image]}",
        "  last: {op: Add, from: [image, image, after]}\n  after: ReLU",
        "A309",
    ),
]
ALL = ["act", "left", "right", "pool", "norm", "sum", "drop", "flat", "fc", "last"]


def text_of(wrong: set[int]) -> str:
    lines = [bad if k in wrong else good for k, (good, bad, _) in enumerate(LINES)]
    outputs = ", ".join(f"{name}: {name}" for name in ALL)
    return "archspec: 1\n" + "\n".join(lines) + f"\noutputs: {{{outputs}}}\nallow: [A402]\n"


def found(text: str) -> list[Diagnostic]:
    return [item for item in compile_target(text).diagnostics if item.severity == "error"]


@given(st.sets(st.integers(0, len(LINES) - 1)))
def test_independent_mistakes_are_all_told_in_source_order(wrong: set[int]) -> None:
    items = found(text_of(wrong))
    assert [item.code.name for item in items] == [LINES[k][2] for k in sorted(wrong)]
    assert [item.span.start for item in items] == sorted(item.span.start for item in items)


def test_all_of_them_at_once() -> None:
    assert len(found(text_of(set(range(len(LINES)))))) == len(LINES) > 10


BLOCK = """
archspec: 1
inputs: {{image: [N, 16, 32, 32]}}
blocks:
  Res:
    args: {{width: int}}
    layers:
      conv: {{op: Conv2d, out_channels: width, kernel_size: 3, padding: {padding}}}
      add: {{op: Add, from: [conv, x]}}
layers:
  body:
    - {{op: Res, repeat: i in range(16), width: 16}}
"""


def test_a_mistake_in_a_block_is_told_once_with_its_use_and_a_count() -> None:
    assert found(BLOCK.format(padding=1)) == []
    [item] = found(BLOCK.format(padding=0))
    assert item.message.startswith("Add meets 30 and 32 rows")
    assert [label.text for label in item.labels if "instantiated" in label.text] == [
        "instantiated here as body.0 (Res: i=0, width=16)"
    ]
    assert any("16 times" in note for note in item.notes)


def test_a_misspelling_in_a_block_has_nothing_to_do_with_its_uses() -> None:
    [item] = found(BLOCK.format(padding="wdth"))
    assert (item.code.name, item.labels, item.notes) == ("A301", (), ())

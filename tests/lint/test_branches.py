"""A404: where a layer without `from` goes on from a branch."""

from __future__ import annotations

import pytest

import archspec
from archspec.diagnostics import Diagnostic
from tests.elaborate.features import whole

C = "{op: Conv2d, out_channels: 3, kernel_size: 1}"


def c(source: str) -> str:
    return f"{{op: Conv2d, from: {source}, out_channels: 3, kernel_size: 1}}"


def told(*layers: str) -> list[Diagnostic]:
    text = "layers:\n" + "".join(f"  {layer}\n" for layer in layers)
    items = archspec.check(whole(text))
    assert not [item for item in items if not item.code.name.startswith("A4")], items
    return [item for item in items if item.code.name == "A404"]


@pytest.mark.parametrize(
    ("layers", "at", "other"),
    [
        ([f"cut: {c('image')}", f"main: {C}", "sum: {op: Add, from: [main, cut]}"], "main", "image"),
        (
            [f"stem: {C}", f"cut: {c('stem')}", f"main: {C}", "act: ReLU", "sum: {op: Add, from: [cut, act]}"],
            "main",
            "stem",
        ),
        (
            [f"cut: {{layers: [{C}], from: image}}", f"main: [{C}]", "sum: {op: Add, from: [cut, main]}"],
            "main",
            "image",
        ),
        (
            [f"a: {C}", f"b: {c('image')}", "act: ReLU", "d: {op: Add, from: [a, b]}", "e: {op: Add, from: [d, act]}"],
            "act",
            "a",
        ),
    ],
)
def test_what_continues_a_branch(layers: list[str], at: str, other: str) -> None:
    [item] = told(*layers)
    assert item.span.text == at
    assert f"`from: {other}`" in item.helps[0]
    branch = item.labels[0].span.text
    said = [layer.replace(f"{at}: ReLU", f"{at}: {{op: ReLU, from: {branch}}}") for layer in layers]
    said = [layer.replace(f"{at}: {C}", f"{at}: {c(branch)}") for layer in said]
    said = [layer.replace(f"{at}: [{C}]", f"{at}: {{layers: [{C}], from: {branch}}}") for layer in said]
    assert said != layers
    assert told(*said) == []


@pytest.mark.parametrize(
    "layers",
    [
        [f"stem: {C}", f"main: {C}", "act: ReLU", "sum: {op: Add, from: [act, stem]}"],
        [f"a: {c('image')}", f"b: {c('image')}", f"d: {c('image')}", "act: ReLU", "sum: {op: Add, from: [a, b, act]}"],
        ["act: ReLU", f"a: {c('act')}", "b: {layers: [ReLU], from: act}", "sum: {op: Add, from: [a, b]}", "end: ReLU"],
        ["a: ReLU", "b: {op: Sigmoid, from: image}", "sum: {op: Add, from: [a, b]}", f"end: {C}"],
        ["norm: {op: BatchNorm2d, from: image}", f"a: {C}", "sum1: {op: Add, from: [image, a]}", "norm2: BatchNorm2d",
         f"b: {C}", "sum2: {op: Add, from: [sum1, b]}"],
        ["a: {op: ReLU, from: prev}", f"b: {C}", "sum: {op: Add, from: [a, b]}"],
        [f"a: {C}", "b: {op: ReLU, from: prev}", f"c: {C}", "d: {op: Add, from: [a, b]}", "e: {op: Add, from: [d, c]}"],
        [f"a: {c('image')}", "b: ReLU", "sum: {op: Add, from: [a, image]}", "all: {op: Mul, from: [sum, image, b]}"],
        [f"a: {c('image')}", "scale: {op: Parameter, shape: [1]}", f"b: {c('image')}", "sum: {op: Add, from: [a, b]}",
         "all: {op: Mul, from: [sum, scale]}"],
    ],
)  # fmt: skip
def test_what_does_not(layers: list[str]) -> None:
    assert told(*layers) == []


def test_a_library_s_blocks_are_looked_at_as_well() -> None:
    block = f"layers: {{cut: {c('x')}, main: {C}, sum: {{op: Add, from: [main, cut]}}}}"
    [item] = archspec.check(f"archspec: 1\nblocks: {{B: {{{block}}}}}\n")
    assert (item.code.name, item.span.text) == ("A404", "main")

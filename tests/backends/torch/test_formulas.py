from __future__ import annotations

import pytest
import torch

import archspec
from archspec.backends.torch.formulas import Recipes
from archspec.dims import Dim, evaluate, symbol
from archspec.graph import Node, Value
from tests.backends.torch.sketch import Sketch

H, W = symbol("H"), symbol("W")


def expanded(sketch: Sketch, *sizes: Dim) -> tuple[str, list[str]]:
    """The formula of a Parameter that is expanded to these sizes, and the names of what it reads."""
    token = sketch.node("token", "Parameter", shape=[1] * len(sizes))
    value: Value = sketch.node("grown", "Expand", token, sizes=list(sizes))
    assert isinstance(value.node, Node)
    recipes = Recipes(sketch.graph())
    return recipes.formulas[value.node].source, [read.name for read in recipes.reads(value.node)]


def test_a_size_is_read_from_the_inputs_of_the_model() -> None:
    sketch = Sketch(image=("N", 3, "H", "W"))
    assert expanded(sketch, symbol("N"), 5, W) == ("{0}.expand({1}.size(0), 5, {1}.size(3))", ["token", "image"])


def test_a_size_is_rather_read_from_the_inputs_of_the_scope() -> None:
    sketch = Sketch(image=("N", 3, "H", "W"))
    inner = sketch.node("conv", "Conv2d", out_channels=4, kernel_size=3, stride=2)
    with sketch.scope("block", "block"):
        source, reads = expanded(sketch, inner.type.shape[2])
    assert (source, reads) == ("{0}.expand({1}.size(2))", ["block.token", "conv"])


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (H * 2, "(2 * {1}.size(2))"),
        (H * W, "({1}.size(2) * {1}.size(3))"),
        (H - 1, "({1}.size(2) - 1)"),
        (5 - H, "(-{1}.size(2) + 5)"),
        ((H - 1) // 2 + W // 3, "((({1}.size(2) - 1) // 2) + ({1}.size(3) // 3))"),
    ],
)
def test_a_size_that_no_tensor_has_is_computed(size: Dim, text: str) -> None:
    source, _ = expanded(Sketch(image=("N", 3, "H", "W")), size)
    assert source == f"{{0}}.expand({text})"

    class Image:
        def size(self, axis: int) -> int:
            return {2: 11, 3: 7}[axis]

    class Token:
        def expand(self, size: int) -> int:
            return size

    assert eval(source.format("token", "image"), {"token": Token(), "image": Image()}) == evaluate(
        size, {"H": 11, "W": 7}
    )


def test_a_shared_layer_has_to_compute_the_same() -> None:
    sketch = Sketch(image=("N", 3, 8, 8))
    sketch.node("a", "Softmax", dim=1)
    sketch.node("b", "Softmax", dim=2, owner="a")
    with pytest.raises(ValueError, match="b shares a"):
        Recipes(sketch.graph())


def test_a_symbol_is_worked_out_from_a_size_that_is_a_multiple_of_it() -> None:
    text = """
archspec: 1
inputs: {image: [N, 3, 3 * L - 2], one: [N, 3, 1]}
layers:
  mean: {op: Mean, dim: 2, keepdim: true}
  sum: {op: Add, from: [mean, one]}
  grown: {op: Expand, sizes: "[image.N, 3, (image.L + 2) / 3]"}
"""
    assert archspec.build(text)(torch.zeros(2, 3, 13), torch.zeros(2, 3, 1)).shape == (2, 3, 5)

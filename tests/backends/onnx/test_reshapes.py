"""Reshapes in a row are one, where nothing else needs the shape in between."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import archspec
from tests.backends.onnx.emitted import emitted, names, session

HEAD = "archspec: 1\ninputs: {image: [N, 12, H, W]}\nlayers:\n"
SPLIT = "  a: {op: Unflatten, dim: 1, unflattened_size: [3, 4]}\n"
JOIN = "  b: {op: Flatten, start_dim: 1, end_dim: 2}\n"
FLAT = "  c: {op: Flatten, start_dim: 2}\n"


@pytest.mark.parametrize(
    ("layers", "nodes"),
    [
        (SPLIT + JOIN + "  d: ReLU\n", ["b", "d"]),
        (SPLIT + JOIN + FLAT, ["c"]),
        (SPLIT + JOIN + "  d: {op: Reshape, shape: [prev.N, 4, 3, -1]}\n", ["d"]),
        (SPLIT + "  s: {op: Softmax, dim: 1}\n" + JOIN, ["a", "s", "b"]),
        (SPLIT + JOIN + "  e: {op: Softmax, from: a, dim: 2}\noutputs: {b: b, e: e}\n", ["a", "b", "e"]),
        (SPLIT + JOIN + "outputs: {a: a, b: b}\n", ["a", "b"]),
        ("  f: Flatten\n  g: {op: Unflatten, dim: 1, unflattened_size: [4, -1]}\n", ["g"]),
        ("  t: {op: Permute, dims: [2, 0, 1, 3]}\n  u: {op: Reshape, shape: [-1, 4]}\n", ["t", "u"]),
    ],
)
def test_one_reshape_does_what_several_do(layers: str, nodes: list[str]) -> None:
    for shape, sizes in (("H, W", (5, 8)), ("4, 8", (4, 8))):
        text = HEAD.replace("H, W", shape) + layers
        model = emitted(text)
        assert [name for name in names(model) if not name.startswith("sizes/")] == nodes
        read = {name for node in model.graph.node for name in node.input} | {value.name for value in model.graph.output}
        made = {name for node in model.graph.node for name in node.output}
        assert made | {tensor.name for tensor in model.graph.initializer} <= read
        run, module = session(model), archspec.build(archspec.load(text)).eval()
        for batch in (1, 3):
            image = torch.randn(batch, 12, *sizes)
            expected = module(image)
            wanted = list(expected.values()) if isinstance(expected, dict) else [expected]
            for found, tensor in zip(run.run(None, {"image": image.numpy()}), wanted, strict=True):
                torch.testing.assert_close(torch.from_numpy(found), tensor)


def test_a_size_that_is_copied_comes_from_the_same_place() -> None:
    """The second Reshape copies what is axis 1 in between and axis 2 before it."""
    middle = "  a: {op: Flatten, start_dim: 0, end_dim: 1}\n  b: {op: Unflatten, dim: 2, unflattened_size: [2, -1]}\n"
    text = HEAD.replace("W]", "8]") + middle
    model = emitted(text)
    assert [name for name in names(model) if not name.startswith("sizes/")] == ["a", "b"]
    image = torch.randn(2, 12, 5, 8)
    [found] = session(model).run(None, {"image": image.numpy()})
    assert found.shape == (24, 5, 2, 4)
    assert np.array_equal(found.reshape(2, 12, 5, 8), image.numpy())

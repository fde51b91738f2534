"""Receptive fields, against gradients: what a unit depends on lies in its rectangle, and touches the sides of it."""

from __future__ import annotations

import pytest
import torch

import archspec
from archspec.architecture import UnknownPathError
from archspec.pictures.errors import PictureError
from archspec.pictures.seeing import seeing
from archspec.pictures.subject import Subject

# All weights will be positive, so that nothing cancels out.
BRANCHES = """
archspec: 1
name: branches
inputs: {image: [N, 1, 30, 37]}
layers:
  stem: {op: Conv2d, out_channels: 2, kernel_size: [3, 5], stride: [1, 2], padding: [2, 1], bias: false}
  pool: {op: AvgPool2d, kernel_size: 3, stride: 2}
  wide: {op: Conv2d, out_channels: 2, kernel_size: 3, dilation: 2, padding: 2, bias: false}
  narrow: {op: Conv2d, from: pool, out_channels: 2, kernel_size: 1, bias: false}
  add: {op: Add, from: [wide, narrow]}
  relu: ReLU
  last: {op: Conv2d, out_channels: 1, kernel_size: 2, stride: [3, 1], bias: false}
  flatten: Flatten
  fc: {op: Linear, out_features: 2}
"""


@pytest.fixture(scope="module")
def network() -> Subject:
    subject = Subject(archspec.load(BRANCHES), None, None, 0)
    with torch.no_grad():
        for parameter in subject.module.parameters():
            parameter.abs_().add_(0.1)
    return subject


@pytest.mark.parametrize("path", ["stem", "pool", "wide", "add", "relu", "last", "image"])
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_gradients_touch_the_sides(network: Subject, path: str, place: str) -> None:
    image = torch.ones(1, 1, 30, 37, requires_grad=True)
    value = archspec.extract(network.module, [path])(image)[path]
    sizes = value.shape[2:]
    unit = {"first": (0, 0), "middle": (sizes[0] // 2, sizes[1] // 2), "last": (sizes[0] - 1, sizes[1] - 1)}[place]
    found = seeing(network.sized_graph, path, None if place == "middle" else unit)
    assert found.unit == unit
    (gradient,) = torch.autograd.grad(value[0, 0][unit], image)
    rows, columns = (gradient[0, 0].any(dim).nonzero().flatten() for dim in (1, 0))
    for seen, (first, last), size in ((rows, found.rows, 30), (columns, found.columns, 37)):
        reached = int(seen[0]), int(seen[-1])
        assert first <= reached[0]
        assert reached[1] <= last
        assert reached[0] == first or first < 0  # beyond the border some see padding, and no pixel
        assert reached[1] == last or last >= size


def test_what_is_said_of_it(network: Subject) -> None:
    graph = network.sized_graph
    assert seeing(graph, "pool", (0, 3)).text == (
        "5 x 9 pixels, stride 2 x 4\nunit 0,3: rows -2 to 2, columns 11 to 19"
    )
    everything = seeing(graph, "fc", None)
    assert everything.text == "30 x 37 pixels\nall units: rows 0 to 29, columns 0 to 36"


@pytest.mark.parametrize(
    ("path", "unit", "message"),
    [
        ("pool", (0, 8), "`pool` has no unit 0,8: they go from 0,0 to 14,7"),
        ("fc", (0, 0), "`fc` is 1 x 2: it has no rows and columns to choose a unit by"),
    ],
)
def test_units_that_are_not_there(network: Subject, path: str, unit: tuple[int, int], message: str) -> None:
    with pytest.raises(PictureError, match=message):
        seeing(network.sized_graph, path, unit)


def test_what_is_no_rectangle_and_what_is_not_known() -> None:
    spec = "archspec: 1\nname: odd\ninputs: {image: [N, 1, 4, 4]}\nlayers:\n"
    for layers, message in (
        ("  x: {op: Flatten, start_dim: 2}\n", "a unit of `x` sees no rectangle"),
        ("  x: {op: Reshape, shape: [-1, 1, 2, 8]}\n", "the receptive field of `x` is not known"),
        ("  p: {op: Parameter, shape: [1, 1, 4, 4], init: ones}\n  x: {op: ReLU, from: p}\n"
         "  y: {op: Add, from: [image, x]}\n", "`x` depends on nothing of the image"),
    ):
        with pytest.raises(PictureError, match=message):
            seeing(Subject(archspec.load(spec + layers), None, None, 0).sized_graph, "x", None)
    with pytest.raises(UnknownPathError, match="`odd` has no layer or input `z`"):
        seeing(Subject(archspec.load(spec + "  x: ReLU\n"), None, None, 0).sized_graph, "z", None)

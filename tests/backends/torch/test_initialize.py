from __future__ import annotations

from typing import Any

import pytest
import torch

from archspec.backends.torch import build_module
from tests.backends.torch import nets
from tests.backends.torch.sketch import Sketch


def initialised(init: dict[str, Any]) -> dict[str, torch.Tensor]:
    sketch = Sketch(image=("N", 3, 8, 8))
    nets.conv(sketch, "first", 16)
    sketch.node("bn", "BatchNorm2d")
    sketch.node("second", "Conv2d", out_channels=16, kernel_size=1, bias=False)
    sketch.node("again", "Conv2d", owner="second", out_channels=16, kernel_size=1, bias=False)
    return dict(build_module(sketch.graph(init=init)).state_dict())


def test_by_op_and_by_path() -> None:
    tensors = initialised({"Conv2d": {"weight": "ones", "bias": 0.5}, "second": {"weight": {"constant": {"val": 3}}}})
    assert (tensors["first.weight"] == 1).all()
    assert (tensors["first.bias"] == 0.5).all()
    assert (tensors["second.weight"] == 3).all()
    assert (tensors["bn.bias"] == 0).all()


@pytest.mark.parametrize(
    ("written", "function"),
    [
        ({"kaiming_normal": {"mode": "fan_out", "nonlinearity": "relu"}}, torch.nn.init.kaiming_normal_),
        ("xavier_uniform", torch.nn.init.xavier_uniform_),
        ({"trunc_normal": {"std": 0.02}}, torch.nn.init.trunc_normal_),
    ],
)
def test_draws_what_torch_draws(written: Any, function: Any) -> None:
    arguments = next(iter(written.values())) if isinstance(written, dict) else {}
    expected = torch.empty(16, 3, 1, 1)
    torch.manual_seed(0)
    for layer in (torch.nn.Conv2d(3, 16, 1), torch.nn.Conv2d(16, 16, 1, bias=False)):
        del layer
    function(expected, **arguments)
    torch.manual_seed(0)
    assert torch.equal(initialised({"first": {"weight": written}})["first.weight"], expected)


def test_owned_tensors() -> None:
    sketch = Sketch(image=("N", 3))
    weight = sketch.node("weight", "Parameter", shape=[3], init=2)
    noise = sketch.node("noise", "Parameter", shape=[3], init={"normal": {"std": 2}})
    table = sketch.node("table", "Buffer", shape=[3], init="ones", dtype="float64")
    counts = sketch.node("counts", "Buffer", shape=[2], init="ones", dtype="int64")
    sketch.node("add", "Add", sketch.previous, weight, noise)
    del table, counts
    torch.manual_seed(0)
    model = build_module(sketch.graph())
    torch.manual_seed(0)
    assert torch.equal(model.noise, torch.nn.init.normal_(torch.empty(3), std=2))
    assert (model.weight == 2).all()
    assert isinstance(model.weight, torch.nn.Parameter)
    assert model.table.dtype == torch.float64
    assert (model.counts == torch.ones(2, dtype=torch.int64)).all()
    assert [name for name, _ in model.named_buffers()] == ["table", "counts"]

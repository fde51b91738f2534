from __future__ import annotations

import pytest
import torch

from archspec.backends.torch import build_module, calibrate, example_inputs, example_sizes, run_values
from tests.backends.torch import nets
from tests.backends.torch.sketch import Sketch


@pytest.mark.parametrize("net", nets.ALL, ids=lambda net: net.__name__)
def test_outputs_are_of_order_one_and_depend_on_the_input(net: type) -> None:
    graph = net()
    model = build_module(graph)
    calibrate(model, graph, seed=0)
    assert not any(module.training for module in model.modules())
    values = run_values(model, graph, example_inputs(graph, sizes=example_sizes(graph, batch=4)))
    for output in graph.outputs:
        if not output.training:
            result = values[output.value.name]
            assert 0.1 < result.std() < 10
            assert (result - result.mean(0)).std() > 0.05


def test_every_parameter_is_random() -> None:
    sketch = Sketch(image=("N", 8, 4, 4))
    token = sketch.node("token", "Parameter", shape=[1, 8, 1, 1], init="zeros")
    scale = sketch.node("scale", "Parameter", shape=[8, 1, 1], init=1e-6)
    table = sketch.node("table", "Buffer", shape=[8, 1, 1], init=0.25)
    sketch.node("add", "Add", sketch.previous, token)
    sketch.node("mul", "Mul", sketch.previous, scale)
    sketch.node("div", "Div", sketch.previous, table)
    sketch.node("bn", "BatchNorm2d")
    nets.conv(sketch, "conv", 8, kernel=3)
    sketch.node("up", "ConvTranspose2d", out_channels=8, kernel_size=2, stride=2)
    graph = sketch.graph()
    model = build_module(graph)
    calibrate(model, graph, seed=0)
    for name, tensor in [*model.named_parameters(), ("table", model.table), ("mean", model.bn.running_mean)]:
        assert tensor.unique().numel() == tensor.numel() > 1, name
    assert model.scale.min() >= 1 / 3
    assert model.table.max() <= 2 / 3 * 0.25


def test_the_seed_decides_and_the_global_state_does_not() -> None:
    graph = nets.residual()
    model = build_module(graph)
    states = []
    for seed, elsewhere in [(0, 5), (0, 6), (1, 5)]:
        torch.manual_seed(elsewhere)
        model.train()(torch.randn(2, 3, 32, 32))  # leaves statistics of its own
        before = torch.get_rng_state()
        calibrate(model, graph, seed)
        assert torch.equal(torch.get_rng_state(), before)
        states.append(model.state_dict()["layer1.2.bn3.running_var"].clone())
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_statistics_are_those_of_the_data() -> None:
    graph = nets.auxiliary()
    model = build_module(graph)
    calibrate(model, graph, seed=0)
    norms = [model.stage.bn, model.aux1.bn]  # the second one runs in training only
    assert [norm.momentum for norm in norms] == [0.1, 0.1]
    for norm in norms:
        assert (norm.running_mean != 0).all()
    assert (model.stage.bn.running_mean.abs() < 5).all()


def test_dropout_does_not_disturb_the_statistics() -> None:
    found = []
    for p in (0.0, 0.9):
        sketch = Sketch(x=("N", 6))
        sketch.node("drop", "Dropout", p=p)
        sketch.node("bn", "BatchNorm1d")
        graph = sketch.graph()
        model = build_module(graph)
        calibrate(model, graph, seed=0)
        found.append(model.bn.running_var)
    assert torch.equal(*found)

from __future__ import annotations

import pytest
import torch

from archspec.backends.torch import build_module, calibrate, example_inputs, example_sizes, run_values
from archspec.dims import evaluate
from tests.backends.torch import nets
from tests.backends.torch.sketch import Sketch


@pytest.mark.parametrize("net", nets.ALL, ids=lambda net: net.__name__)
def test_equals_the_model(net: type) -> None:
    graph = net()
    model = build_module(graph)
    calibrate(model, graph, seed=0)
    sizes = {**example_sizes(graph, batch=3), "W": 96}
    inputs = example_inputs(graph, sizes=sizes)
    result = model(*inputs.values())
    values = run_values(model, graph, inputs)
    for output in graph.outputs:
        if not output.training:
            expected = result[output.name] if isinstance(result, dict) else result
            assert torch.equal(values[output.value.name], expected)
    for node in graph.nodes:
        for value in node.outputs:
            if not node.training_only:
                assert values[value.name].shape == tuple(evaluate(size, sizes) for size in value.type.shape)


def test_training_values_are_there_in_training() -> None:
    graph = nets.auxiliary()
    model = build_module(graph)
    inputs = example_inputs(graph, sizes={"N": 2})
    assert "aux1.fc" in run_values(model, graph, inputs)
    assert "aux1.fc" not in run_values(model.eval(), graph, inputs)


def test_a_layer_that_works_in_place_does_not_spoil_the_value_before() -> None:
    sketch = Sketch(x=("N", 5))
    sketch.node("bn", "BatchNorm1d")
    sketch.node("relu", "ReLU", inplace=True)
    graph = sketch.graph()
    values = run_values(build_module(graph).eval(), graph, example_inputs(graph, sizes={"N": 8}))
    assert (values["bn"] < 0).any()
    assert torch.equal(values["relu"], values["bn"].relu())

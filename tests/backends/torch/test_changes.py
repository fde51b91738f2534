from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from archspec.backends.torch import ModuleChanged, build_module, changed_arguments
from archspec.graph import Value
from archspec.types import DType, TensorType
from tests.backends.torch import nets
from tests.backends.torch.sketch import Sketch

Model = Any


@pytest.mark.parametrize("net", nets.ALL, ids=lambda net: net.__name__)
def test_nothing_has_changed(net: type) -> None:
    graph = net()
    model = build_module(graph)
    assert changed_arguments(model, graph) == {}
    assert changed_arguments(copy.deepcopy(model).eval().half(), graph) == {}


def replace_head(model: Model) -> None:
    model.classifier[1] = nn.Linear(16, 5, bias=False)


def replace_convolution(model: Model) -> None:
    model.conv1 = nn.Conv2d(1, 8, (7, 5), 2, padding=3)


def replace_norm(model: Model) -> None:
    model.bn1 = nn.BatchNorm2d(8, eps=1e-3, affine=False)


def write_attributes(model: Model) -> None:
    model.classifier[0].p = 0.1
    model.relu.inplace = True


def equal_twins(model: Model) -> None:
    model.maxpool = nn.MaxPool2d(3, 2, 1)
    model.conv1 = nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (replace_head, {"classifier.1": {"out_features": 5, "bias": False}}),
        (replace_convolution, {"conv1": {"in_channels": 1, "kernel_size": [7, 5], "bias": True}}),
        (replace_norm, {"bn1": {"eps": 1e-3, "affine": False, "bias": False}}),
        (write_attributes, {"classifier.0": {"p": 0.1}}),
        (equal_twins, {}),
    ],
)
def test_other_arguments(change: Callable[[Model], None], expected: dict[str, Any]) -> None:
    graph = nets.residual()
    model = build_module(graph)
    change(model)
    assert changed_arguments(model, graph) == expected


def another_class(model: Model) -> None:
    model.classifier = nn.Linear(16, 5)


def another_activation(model: Model) -> None:
    model.layer1[1].relu2 = nn.GELU()


def another_block(model: Model) -> None:
    model.layer1[1] = model.layer1[0]


def an_extra_layer(model: Model) -> None:
    model.classifier.append(nn.ReLU())


def a_missing_layer(model: Model) -> None:
    del model.classifier[1]


def other_tensors(model: Model) -> None:
    model.conv1.weight = nn.Parameter(torch.zeros(4, 3, 7, 7))


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (another_class, "classifier", "is Linear now, and was Sequential"),
        (another_activation, "layer1.1.relu2", "is GELU now, and was ReLU"),
        (another_block, "layer1.1", "is another Bottleneck now"),
        (an_extra_layer, "classifier.2", "is ReLU, which the spec does not have"),
        (a_missing_layer, "classifier.1", "is missing"),
        (other_tensors, "conv1", "has other tensors now than Conv2d of its arguments"),
    ],
)
def test_something_else(change: Callable[[Model], None], path: str, message: str) -> None:
    graph = nets.residual()
    model = build_module(graph)
    change(model)
    with pytest.raises(ModuleChanged) as caught:
        changed_arguments(model, graph)
    assert (caught.value.path, caught.value.message) == (path, message)
    assert str(caught.value) == f"{path} {message}"


def test_owned_tensors() -> None:
    graph = nets.tensors()
    model = build_module(graph)
    model.token = nn.Parameter(torch.zeros(1, 3, 1, 1))
    assert changed_arguments(model, graph) == {"token": {"shape": [1, 3, 1, 1]}}
    del model.token
    with pytest.raises(ModuleChanged, match="token is missing"):
        changed_arguments(model, graph)


def test_formulas_in_a_sequence() -> None:
    graph = nets.tensors()
    model = build_module(graph)
    model.tail[2] = nn.Identity()
    with pytest.raises(ModuleChanged, match=r"tail\.2 is Identity now, and was Mean"):
        changed_arguments(model, graph)


def test_an_unknown_argument() -> None:
    sketch = Sketch(tokens=("N", 5))
    sketch.inputs = (Value("tokens", TensorType.of(sketch.inputs[0].type.shape, DType.int64)),)
    sketch.node("table", "Embedding", sketch.inputs[0], num_embeddings=10, embedding_dim=4)
    graph = sketch.graph()
    model: Model = build_module(graph)
    model.table = nn.Embedding(10, 4, max_norm=1.0)
    with pytest.raises(ModuleChanged, match="table has another max_norm now, an argument that the op Embedding does"):
        changed_arguments(model, graph)


def test_arguments_of_modules_that_are_not_called_on_their_inputs() -> None:
    graph = nets.attending()
    model: Model = build_module(graph)
    model.attn = nn.MultiheadAttention(8, 2, kdim=6, vdim=6, batch_first=True)
    assert changed_arguments(model, graph) == {"attn": {"num_heads": 2}}
    graph = nets.recurrent()
    model = build_module(graph)
    model.lstm = nn.LSTM(8, 4, num_layers=2, dropout=0.5)
    model.tail.rnn = nn.RNN(4, 4, nonlinearity="relu")
    assert changed_arguments(model, graph) == {
        "lstm": {"num_layers": 2, "dropout": 0.5},
        "tail.rnn": {"nonlinearity": "relu"},
    }
    model.end = nn.GRU(4, 3, bidirectional=True, batch_first=True)
    assert changed_arguments(model, graph)["end"] == {"batch_first": True, "bidirectional": True}

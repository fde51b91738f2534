"""Costs against torch's own counts, and against a simulation of the memory that an inference takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

import archspec
from archspec.dims import symbol
from archspec.graph import Graph
from archspec.ops.base import TorchModule
from archspec.reports import summarize
from archspec.reports.costs import hands_on
from tests.ops.cases import SETTINGS, Example
from tests.ops.examples import EXAMPLES
from tests.ops.realize import by_recipe, tensors
from tests.reports.memory import simulated_peak, simulated_sum
from tests.reports.nets import Net, called, run


def mixed() -> Net:
    net = Net(4, 9, 10)
    net.add("Conv2d", path="stem.conv", out_channels=6, kernel_size=3, groups=2)
    net.add("BatchNorm2d", path="stem.bn")
    relu = net.add("ReLU", path="stem.relu")
    net.add("ConvTranspose2d", path="up", out_channels=6, kernel_size=3, padding=1)
    net.add("GroupNorm", path="norm", num_groups=3)
    net.add("Add", relu, "norm", path="add")
    net.add("Dropout", path="drop")
    net.add("Flatten", path="flat")
    net.add("Linear", path="fc", out_features=5)
    return net


def branched() -> Net:
    net = Net(8, 6, 6)
    net.add("Chunk", path="halves", chunks=2)
    conv = net.add("Conv2d", "halves.0", out_channels=4, kernel_size=3, padding=1)
    long = net.add("Concat", conv, "halves.1")
    net.add("ChannelShuffle", groups=2)
    net.add("Permute", dims=(0, 2, 3, 1))
    net.add("LayerNorm")
    net.add("Permute", dims=(0, 3, 1, 2))
    net.add("Add", net.last, long, "image")
    net.add("MaxPool2d", kernel_size=2)
    return net


def shared() -> Net:
    net = Net(c3=(symbol("N"), 4, 8, 8), c4=(symbol("N"), 4, 4, 4))
    net.add("Conv2d", "c3", path="head", out_channels=4, kernel_size=3)
    net.add("Conv2d", "c4", path="again", owner="head", out_channels=4, kernel_size=3)
    return net


def training() -> Net:
    net = Net(3, 8, 8)
    stem = net.add("Conv2d", path="stem", out_channels=4, kernel_size=3)
    net.add("Conv2d", path="aux", train=True, out_channels=9, kernel_size=3)
    net.add("Conv2d", stem, path="head", out_channels=2, kernel_size=1)
    return net


def swin_like() -> Net:
    """Weights as values, views of views, an input that is read late, and two outputs, one of them a view."""
    net = Net(image=(symbol("N"), 4, 6, 6), late=(symbol("N"), 4, 6, 6))
    net.add("Conv2d", "image", path="conv", out_channels=4, kernel_size=1)
    net.add("Parameter", path="scale", shape=(4, 1, 1), init="ones")
    net.add("Mul", "conv", "scale", path="scaled")
    net.add("Flatten", "scaled", path="tokens", start_dim=2)
    net.add("Identity", "tokens", path="same")
    net.add("ReLU", "scaled", path="relu", inplace=True)
    net.add("Add", "relu", "late", path="sum")
    return net


def unread() -> Net:
    net = Net(image=(symbol("N"), 3, 4, 4), nothing=(symbol("N"), 9, 9, 9))
    net.add("Conv2d", "image", out_channels=4, kernel_size=1)
    return net


NETWORKS: dict[str, Callable[[], Graph]] = {
    "mixed": lambda: mixed().graph(),
    "branched": lambda: branched().graph(),
    "shared": lambda: shared().graph("head", "again"),
    "training": lambda: training().graph("head", training=("aux",)),
    "views": lambda: swin_like().graph("same", "sum"),
    "an input that nothing reads": lambda: unread().graph(),
    "an input that is the output": lambda: mixed().graph("image", "fc"),
}


def inputs_of(graph: Graph) -> dict[str, torch.Tensor]:
    return {v.name: torch.rand([1, *map(int, v.type.shape[1:])]) for v in graph.inputs}  # type: ignore[arg-type]


def without_training(graph: Graph) -> Graph:
    nodes = [node for node in graph.nodes if not node.training_only]
    return Graph(graph.name, graph.inputs, tuple(o for o in graph.outputs if not o.training), graph.root, nodes)


@pytest.mark.parametrize("name", NETWORKS)
def test_macs_are_half_of_torch_s_flops(name: str) -> None:
    graph = NETWORKS[name]()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        run(without_training(graph), inputs_of(graph))
    summary = summarize(graph)
    assert summary.macs * 2 == counter.get_total_flops()
    assert summary.macs == sum(layer.macs for layer in summary.layers)


@pytest.mark.parametrize("name", NETWORKS)
def test_activation_bytes_are_those_of_a_simulated_inference(name: str) -> None:
    graph = NETWORKS[name]()
    found = summarize(graph).activations
    assert (found.sum, *found.peak) == (simulated_sum(graph), simulated_peak(graph))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "squeezenet"])
def test_weights_are_those_of_the_built_module(name: str) -> None:
    model = archspec.build(name)
    tensors = [*model.parameters(), *model.buffers()]
    weights = archspec.load(name).summary().weights
    assert weights.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert weights.buffers == sum(buffer.numel() for buffer in model.buffers())
    assert weights.bytes == sum(tensor.nbytes for tensor in tensors)
    by_dtype: Counter[str] = Counter()
    for tensor in tensors:
        by_dtype[str(tensor.dtype).removeprefix("torch.")] += tensor.nbytes
    assert weights.bytes_by_dtype == by_dtype
    assert list(weights.bytes_by_dtype.values()) == sorted(by_dtype.values(), reverse=True)


@pytest.mark.filterwarnings("ignore:Using padding='same'", "ignore:LSTM with projections")  # which copy, and say so
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.inputs and 0 not in e.types()[0].shape], ids=str)
def test_layers_hand_on_their_input_where_torch_does(example: Example) -> None:
    op, sizes = example.make(), SETTINGS[1]
    read = tensors(example, sizes)
    recipe, function = op.to_torch(*example.types()), by_recipe(op, example, sizes)
    with torch.no_grad():
        made = isinstance(recipe, TorchModule)
        result = called(function.eval(), recipe, read) if made else function(*read)  # type: ignore
    results = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
    shares = {tensor.untyped_storage()._cdata == read[0].untyped_storage()._cdata for tensor in results}
    if example.op == "ToDtype" and results[0].dtype is read[0].dtype:
        assert shares == {True}  # counted as a copy all the same, which it is from every other type
        return
    assert shares == {hands_on(op)}

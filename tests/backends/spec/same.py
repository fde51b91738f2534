"""What it means that the expansion of a network is the same network."""

from __future__ import annotations

import re
from collections.abc import Iterator

import onnx_ir
import torch
from torch import Tensor

import archspec
from archspec.backends.onnx import DEFAULT_OPSET, emit
from archspec.backends.torch import build_module
from archspec.compilation import Compilation, compile_target
from archspec.dims import evaluate
from archspec.graph import Graph, Node, Scope
from archspec.types import TensorType
from tests.twins import assert_same_state


def without_comments(text: str) -> str:
    return re.sub(r"(^|  )#.*$", "", text, flags=re.MULTILINE).lstrip("\n")


def assert_same_network(first: Compilation, text: str) -> Graph:
    """The text stands alone, is told nothing that the spec is not, gives the same graph, is its own expansion."""
    assert first.graph is not None
    second = compile_target(text)
    assert second.graph is not None, [item.message for item in second.diagnostics]
    assert not re.search(r"^ *(import|args|let|repeat|spec|splice|extends|defaults):", text, re.MULTILINE)
    known = {item.code for item in first.diagnostics}
    assert [item.message for item in second.diagnostics if item.code not in known] == []
    assert facts(second.graph) == facts(first.graph)
    assert without_comments(archspec.load(text).expand()) == without_comments(text)
    return second.graph


def facts(graph: Graph) -> list[object]:
    """All that a graph says: its inputs and outputs, each node and each scope in order, and how weights start."""
    return [
        graph.name,
        [(value.name, value.type) for value in graph.inputs],
        [(output.name, output.value.name, output.training) for output in graph.outputs],
        *map(_node, graph.nodes),
        *_scopes(graph.root),
        list(graph.init.items()),
        graph.state_dict_version,
        [(str(each.condition), each.layer) for each in graph.requirements],
    ]


def _node(node: Node) -> object:
    return (
        node.path,
        node.owner,
        type(node.op),
        [(name, type(value), value) for name, value in node.op],
        [value.name for value in node.inputs],
        [(value.name, value.type) for value in node.outputs],
        node.training_only,
        node.parameters(),
    )


def _scopes(scope: Scope) -> Iterator[object]:
    for step in scope.steps:
        if isinstance(step, Scope):
            assert step.output is not None
            inside = [each.path for each in step.steps]
            yield step.path, step.owner, inside, step.inputs[0].name, step.output.name, step.order
            yield from _scopes(step)


def assert_same_behaviour(first: Graph, second: Graph) -> None:
    """The same keys in the same order; equal weights give equal outputs, to the last bit; the same ONNX file."""
    torch.manual_seed(0)
    ours = build_module(first)
    torch.manual_seed(0)
    theirs = build_module(second)
    for key, tensor in ours.state_dict().items():
        assert torch.equal(tensor, theirs.state_dict()[key]), key  # started alike
    assert_same_state(ours, theirs)
    sizes = next(found for found in first.solutions(4) if first.takes(found))
    inputs = [_sample(value.type, sizes) for value in first.inputs]
    with torch.no_grad():
        for training in (False, True):
            torch.manual_seed(0)
            expected = ours.train(training)(*inputs)
            torch.manual_seed(0)
            found = theirs.train(training)(*inputs)
            _assert_equal(found, expected)
    one, other = (emit(graph, ours.state_dict(), opset=DEFAULT_OPSET, metadata={}) for graph in (first, second))
    assert onnx_ir.to_proto(one).SerializeToString() == onnx_ir.to_proto(other).SerializeToString()


def _assert_equal(found: Tensor | dict[str, Tensor], expected: Tensor | dict[str, Tensor]) -> None:
    if isinstance(expected, Tensor):
        found, expected = {"": found}, {"": expected}
    assert isinstance(found, dict)
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name].nan_to_num(), tensor.nan_to_num()), name


def _sample(type_: TensorType, sizes: dict[str, int]) -> Tensor:
    shape = [int(str(evaluate(size, sizes))) for size in type_.shape]
    generator = torch.Generator().manual_seed(0)
    if type_.dtype.is_floating:
        return torch.randn(shape, generator=generator)
    return torch.randint(0, 3, shape, generator=generator).to(getattr(torch, type_.dtype))

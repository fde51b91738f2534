"""Every layer of every network is explained, and every word of it is held against others: the values against the ops,
the texts against Python, the arithmetic against Python, the keys against torch, the costs against the summary."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import prod

import pytest

import archspec
from archspec import zoo
from archspec.dims import Symbolic, evaluate
from archspec.graph import Node
from archspec.ops.base import TorchModule
from archspec.reports.explained import Explanation
from archspec.reports.explained.finding import steps
from tests.reports.explained.networks import SMALL, explained
from tests.reports.explained.reading import says, walked

# The specs with their own args, and with those of each family's last model: the others have no other words.
LAST = {model.family: model.name for model in zoo.models()}
TARGETS = [*dict.fromkeys([*zoo.spec_names(), *LAST.values(), *SMALL])]


def layers(target: str) -> Iterator[tuple[Node, Explanation]]:
    graph, found = explained(target)
    return ((node, found[node.path]) for node in graph.nodes)


@pytest.mark.parametrize("target", TARGETS)
def test_all_arguments_are_those_of_the_op(target: str) -> None:
    for node, found in layers(target):
        recipe = node.op.to_torch(*node.input_types)
        assert [each.name for each in found.arguments] == list(type(node.op).model_fields)
        written = {}
        for each in found.arguments:
            if each.source == "inferred":
                assert getattr(node.op, each.name) is None
                assert isinstance(recipe, TorchModule)
                assert each.value == recipe.arguments[each.name], (node.path, each.name)
            elif each.source == "op":
                assert each.value == getattr(node.op, each.name), (node.path, each.name)
            else:
                written[each.name] = each.value
        assert type(node.op).model_validate(written) == node.op, node.path


@pytest.mark.parametrize("target", TARGETS)
def test_what_stands_at_the_place_of_a_value_has_that_value(target: str) -> None:
    seen = set()
    for found in explained(target)[1].values():
        passage = found.passage
        written = [*found.arguments, *(each.init for each in found.tensors if each.init)]
        if passage is not None:
            calls = [each for call in passage.calls for each in call.arguments]
            written += [*passage.indices, *calls, *filter(None, (passage.condition, passage.op))]
        for each in walked(*written):
            if id(each) in seen or each.source in ("op", "inferred", "size"):
                continue
            seen.add(id(each))
            assert says(each), (found.path, each)
    assert seen


@pytest.mark.parametrize("target", TARGETS)
def test_the_arithmetic_gives_the_sizes(target: str) -> None:
    sizes = {"N": 1, "H": 32, "W": 48}
    names = {"__builtins__": {}, "floor": math.floor, "ceil": math.ceil, "min": min, "max": max, **sizes}
    for path, found in explained(target)[1].items():
        for given in found.gives:
            for axis, formula in given.arithmetic.items():
                assert eval(formula, names) == evaluate(given.type.shape[axis], sizes), (path, formula)
        for cost in found.costs:
            assert not cost.product or eval(cost.product, names) == evaluate(cost.amount, sizes), (path, cost)


@pytest.mark.parametrize("target", TARGETS)
def test_a_size_comes_from_where_that_size_is_written(target: str) -> None:
    """What an inferred argument or a size is said to be set by, is a number or an expression of that value there."""
    graph, all_ = explained(target)
    by_path = {node.path: node for node in graph.nodes}
    for found in all_.values():
        for each in walked(*found.arguments):
            if each.source not in ("inferred", "size") or ", set by " not in each.about:
                continue
            argument, _, path = each.about.rpartition(", set by ")[2].partition(" of ")
            setter = by_path[path]
            assert each.place == setter.origin.arguments[argument]
            value = getattr(setter.op, argument)
            sizes = value if isinstance(value, tuple) else [value]
            assert each.value in sizes or isinstance(each.value, Symbolic), (found.path, each)


@pytest.mark.parametrize("target", TARGETS)
def test_the_costs_of_all_layers_are_the_summary(target: str) -> None:
    summary = archspec.load(target).summary()
    totals = {
        "parameters": summary.weights.parameters,
        "weight bytes": summary.weights.bytes,
        "MACs": summary.macs,
        "activation bytes": summary.activations.sum,
    }
    sums = dict.fromkeys(totals, 0)
    for _, found in layers(target):
        for cost in found.costs:
            sums[cost.name] = sums[cost.name] + cost.amount
            assert cost.total == totals[cost.name]
    assert sums == totals


@pytest.mark.parametrize("target", TARGETS)
def test_scopes_and_readers_agree_with_the_graph(target: str) -> None:
    graph, all_ = explained(target)
    read = {(node.path, value.node.path) for node in graph.nodes for value in node.inputs if value.node}
    assert {(by, path) for path, found in all_.items() if found.kind == "layer" for by, _ in found.readers} == read
    for step in steps(graph.root):
        nodes = [step] if isinstance(step, Node) else list(step.nodes())
        expected = sum(prod(tensor.shape) for node in nodes if not node.shared for tensor in _parameters(node))
        assert next(cost.amount for cost in all_[step.path].costs if cost.name == "parameters") == expected


def _parameters(node: Node) -> list:
    return [tensor for tensor in node.parameters().values() if not tensor.buffer]


@pytest.mark.parametrize("target", ["resnet18", "mobilenet_v2", "googlenet", "shufflenet_v2"])
def test_the_keys_are_those_of_the_module(target: str) -> None:
    state = {key: tuple(tensor.shape) for key, tensor in archspec.build(target).state_dict().items()}
    found = {each.key: each.shape for _, layer in layers(target) for each in layer.tensors}
    assert found == state
    for path, each in explained(target)[1].items():
        if each.kind == "scope" and not each.owner:
            own = {key: shape for key, shape in state.items() if key.startswith(f"{path}.")}
            assert {tensor.key: tensor.shape for tensor in each.tensors} == own


@pytest.mark.parametrize("target", ["resnet50", "mobilenet_v3", "unet", "regnet"])
def test_no_line_is_wider_than_the_terminal(target: str) -> None:
    for width in (80, 120):
        for found in explained(target)[1].values():
            lines = found.text(width).splitlines()
            assert max(map(len, lines)) <= width, found.path


def test_symbols_stand_in_the_arithmetic() -> None:
    _, found = explained("resnet18", "N,3,H,W")
    assert found["conv1"].gives[0].arithmetic[2] == "floor((H + 2*3 - 1*(7 - 1) - 1) / 2) + 1"

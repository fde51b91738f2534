"""The peak of live activations against simulations, and against what torch holds in an eager forward."""

from __future__ import annotations

from itertools import product
from math import prod
from random import Random

import pytest

import archspec
from archspec.dims import evaluate, symbol
from archspec.graph import Graph
from archspec.reports import summarize
from archspec.reports.costs import _largest
from tests.reports.memory import held_by_frames, measured_peak, simulated_peak
from tests.reports.specs import random_spec

SEEDS = range(60)


def peak_of(graph: Graph) -> int:
    (peak,) = summarize(graph).activations.peak
    assert isinstance(peak, int)
    return peak


@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks_against_a_simulation(seed: int) -> None:
    graph = archspec.load(random_spec(Random(seed))).graph
    assert peak_of(graph) == simulated_peak(graph)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks_against_torch(seed: int) -> None:
    """Eager torch holds what its frames hold, and nothing else."""
    text = random_spec(Random(seed))
    graph, model = archspec.load(text).graph, archspec.build(text)
    measured = measured_peak(model, graph)
    assert measured == simulated_peak(graph, held_by_frames(graph))
    assert measured >= peak_of(graph)


NETWORKS = {
    "resnet18": ("N,3,64,64", {}),
    "mobilenet_v2": ("N,3,64,64", {}),
    "squeezenet": ("N,3,64,64", {}),
    "unet": ("N,3,32,32", {"width": 8}),
}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest) -> tuple[str, Graph, int]:
    """A network's name, its graph, and the peak that was measured in torch."""
    shape, args = NETWORKS[request.param]
    graph = archspec.load(request.param, inputs={"image": shape}, **args).graph
    model = archspec.build(request.param, inputs={"image": shape}, **args)
    return request.param, graph, measured_peak(model, graph)


def test_published_networks_against_a_simulation_and_torch(network: tuple[str, Graph, int]) -> None:
    _, graph, measured = network
    assert peak_of(graph) == simulated_peak(graph)
    assert measured == simulated_peak(graph, held_by_frames(graph))


HELD = {"resnet18": ["image"], "mobilenet_v2": ["image", "features.1.conv.2"]}


def test_what_torch_holds_beside_the_peak(network: tuple[str, Graph, int]) -> None:
    """The image, which its caller has; and what a block was called with, which its caller has, too."""
    name, graph, measured = network
    values = {value.name: value for node in graph.nodes for value in (*node.inputs, *node.outputs)}
    if name in HELD:
        held = sum(prod(values[each].type.shape[1:]) * 4 for each in HELD[name])  # type: ignore[arg-type]
        assert measured - peak_of(graph) == held


@pytest.mark.parametrize(
    ("name", "heights", "widths"),
    [
        ("resnet18", (1, 2, 9, 33), (1, 40)),
        ("mobilenet_v2", (1, 4, 31), (1, 65)),
        ("squeezenet", (21, 22, 40), (21, 64)),
        ("alexnet", (63, 70, 128), (63, 100)),
        ("unet", (16, 32, 96), (16, 64)),
    ],
)
def test_the_peak_of_symbolic_sizes(name: str, heights: tuple[int, ...], widths: tuple[int, ...]) -> None:
    """At every size the largest of the formulas is the peak of the network of that size, from the smallest on."""
    formulas = archspec.load(name, inputs={"image": "N,3,H,W"}).summary().activations.peak
    for height, width in product(heights, widths):
        at_size = archspec.load(name, inputs={"image": f"N,3,{height},{width}"})
        found = [evaluate(formula, {"H": height, "W": width}) for formula in formulas]
        assert peak_of(at_size.graph) == max(int(str(size)) for size in found)


def test_a_formula_is_left_out_only_where_another_is_never_smaller() -> None:
    h1, h4 = (symbol("H") - 1) // 2 + 1, (symbol("H") - 1) // 16 + 1
    graph = archspec.load("resnet18", inputs={"image": "N,3,H,W"}).graph
    assert _largest(graph, [3 * h1, 2 * h1, 3 * h4, 7]) == (3 * h1, 7)
    assert _largest(graph, [3 * h1, 4 * h4]) == (3 * h1, 4 * h4)
    assert _largest(graph, [2 * symbol("H"), symbol("H") + 5]) == (2 * symbol("H"), symbol("H") + 5)
    assert _largest(graph, [5, 9, 7]) == (9,)

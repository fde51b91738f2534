"""The peak of live activations against simulations, and against what torch holds in an eager forward."""

from __future__ import annotations

from math import prod
from random import Random

import pytest

import archspec
from archspec.graph import Graph
from archspec.reports import summarize
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

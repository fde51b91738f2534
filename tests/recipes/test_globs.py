"""Globs over the paths of layers, against regular expressions that are written by another rule."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archspec
from archspec.recipes import learning_rates, matching, matching_keys

SHARED = """
archspec: 1
inputs: {row: [N, 4]}
layers:
  first: {op: Linear, out_features: 4}
  again: {share: first}
  fc: {op: Linear, out_features: 2}
"""
SEGMENTS = st.lists(st.sampled_from(["a", "ab", "b", "0", "10"]), min_size=1, max_size=4)
PATTERNS = st.lists(st.sampled_from(["a", "a*", "*b", "*", "**", "0", "?", "1*"]), min_size=1, max_size=4)


def _expression(glob: str) -> str:
    """The glob as a regular expression over a path in which every segment has a dot behind it."""
    parts = {"**": r"(?:[^.]+\.)*"}
    segments = (parts.get(part) or re.escape(part).replace(r"\*", "[^.]*").replace(r"\?", "[^.]") + r"\."
                for part in glob.split("."))
    return "".join(segments)


@given(PATTERNS, SEGMENTS)
def test_a_glob_takes_what_its_regular_expression_meets(pattern: list[str], path: list[str]) -> None:
    glob, key = ".".join(pattern), ".".join(path)
    assert bool(matching_keys([glob], [key])) == bool(re.match(_expression(glob), f"{key}."))


@pytest.mark.parametrize(
    ("glob", "layers"),
    [
        ("fc", ["fc"]),
        ("layer4.1.conv?", ["layer4.1.conv1", "layer4.1.conv2"]),
        ("layer4.*.conv1", ["layer4.0.conv1", "layer4.1.conv1"]),
        ("**.downsample.0", ["layer2.0.downsample.0", "layer3.0.downsample.0", "layer4.0.downsample.0"]),
        ("layer4.conv1", []),
        ("", []),
    ],
)
def test_what_globs_take_of_a_network(glob: str, layers: list[str]) -> None:
    assert list(matching([glob], archspec.load("resnet18").graph)) == layers


def test_a_scope_stands_for_all_that_is_in_it() -> None:
    graph = archspec.load("resnet18").graph
    below = [node.path for node in graph.nodes if node.path.startswith("layer4.")]
    assert list(matching(["layer4"], graph)) == list(matching(["layer4.**"], graph)) == below
    assert list(matching(["**"], graph)) == [node.path for node in graph.nodes]


def test_a_layer_that_shares_weights_stands_for_the_one_that_owns_them() -> None:
    assert matching(["again"], archspec.load(SHARED).graph) == ("first",)


def test_the_last_glob_that_takes_a_layer_gives_its_learning_rate() -> None:
    graph = archspec.load(SHARED).graph
    assert learning_rates({"**": 1.0, "fc": 0.5}, graph) == {"first": 1.0, "fc": 0.5}
    assert learning_rates({"fc": 0.5, "**": 1.0}, graph) == {"first": 1.0, "fc": 1.0}

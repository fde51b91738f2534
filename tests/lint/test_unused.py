"""A401: names that nothing uses."""

from __future__ import annotations

import pytest

import archspec
from tests.elaborate.features import codes, whole

UNMENTIONED = [
    ("args: {a: 3}\nlayers: [ReLU]", "a"),
    ("let: {a: 3}\nlayers: [ReLU]", "a"),
    ("blocks: {B: {layers: [ReLU]}}\nlayers: [ReLU]", "B"),
    ("blocks: {B: {args: {n: 3}, layers: [ReLU]}}\nlayers: [B]", "n"),
    ("blocks: {B: {let: {n: 3}, layers: [ReLU]}}\nlayers: [B]", "n"),
    ("args: {a: 3}\ndescription: a network with a\nlayers: [ReLU]", "a"),
]
MENTIONED = [
    "args: {a: 3}\nlayers: [{op: Dropout, p: a / 9}]",
    "args: {a: 3}\nlayers: {'c{a}': ReLU}",
    "args: {a: 3}\nlayers: {b: {op: ReLU, repeat: a}}",
    "args: {a: 3}\nlet: {b: a}\nlayers: {c: {op: Dropout, p: b / 9}}",
    "args: {a: 3}\ninputs: {image: [N, a]}\nlayers: [ReLU]",
    "args: {a: 3}\nlayers: [ReLU]\nassert: [a == 3]",
    "args: {a: 0.5}\ndefaults: {Dropout: {p: a}}\nlayers: [Dropout]",
    "args: {act: ReLU}\nlayers: [act]",
    "args: {block: B}\nblocks: {B: {layers: [ReLU]}, Other: {layers: [GELU]}}\nlayers: [block]",  # `--set block=Other`
    "args: {act: op}\nblocks: {B: {layers: [ReLU]}}\nlayers: [act]",
    "blocks: {B: {args: {name: 3}, layers: [{op: Dropout, p: name / 9}]}}\nlayers: [{op: B, name: 2}]",
    "args: {kind: a}\nblocks: {B: {args: {name: str}, layers: {'{name}': ReLU}}}\nlayers: [{op: B, name: '{kind}'}]",
]


@pytest.mark.parametrize(("spec", "name"), UNMENTIONED)
def test_names_that_nothing_mentions(spec: str, name: str) -> None:
    [item] = archspec.check(whole(spec))
    assert (item.code.name, item.span.text) == ("A401", name)


@pytest.mark.parametrize("spec", MENTIONED)
def test_names_that_something_mentions(spec: str) -> None:
    assert [code for code in codes(spec) if code == "A401"] == []


def test_a_library_s_blocks_are_there_for_others() -> None:
    assert archspec.check("archspec: 1\nblocks: {B: {layers: [ReLU]}}\n") == ()


def test_inputs_that_nothing_reads() -> None:
    spec = "inputs: {a: [N, 3], b: [N, 3]}\nlayers: [ReLU]"
    [item] = archspec.check(whole(spec))
    assert (item.code.name, item.span.text) == ("A401", "b")
    assert codes(spec + "\noutputs: {x: '0', y: b}") == []


def test_a_misspelt_mention_is_one_mistake() -> None:
    assert codes("args: {width: 3}\nlayers: {a: {op: Dropout, p: widht / 9}}") == ["A301"]

"""Warnings, and `allow`."""

from __future__ import annotations

import pytest

import archspec
from tests.elaborate.conftest import Write
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


def test_args_of_the_files_that_a_spec_extends_are_no_names_of_its_own(write: Write) -> None:
    write(
        base="archspec: 1\nargs: {w: 3}\ninputs: {image: [N, 3]}\nlayers: {a: {op: Linear, out_features: w}}\n",
        mid="archspec: 1\nextends: base\nargs: {p: 0.5}\ninsert_after: {a: {d: {op: Dropout, p: p}}}\n",
    )
    path = write(top="archspec: 1\nextends: mid\nargs: {w: 5, p: 0.1, q: 2}\n")
    assert [(item.code.name, item.span.text) for item in archspec.check(path)] == [("A401", "q")]


def test_a_library_s_blocks_are_there_for_others() -> None:
    assert archspec.check("archspec: 1\nblocks: {B: {layers: [ReLU]}}\n") == ()


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("[{op: Linear, out_features: 2}]", ["A402"]),
        ("[{op: Flatten, start_dim: 2}, {op: Linear, out_features: 2}]", []),
        ("[Flatten, {op: Linear, out_features: 2}]", []),
        ("[{op: Permute, dims: [0, 2, 3, 1]}, {op: Linear, out_features: 2}]", []),
        ("[{op: Mean, dim: [2, 3]}, {op: Linear, out_features: 2}]", []),
    ],
)
def test_a_linear_layer_on_the_width_of_a_feature_map(layers: str, found: list[str]) -> None:
    assert codes(f"layers: {layers}") == found


def test_inputs_that_nothing_reads() -> None:
    spec = "inputs: {a: [N, 3], b: [N, 3]}\nlayers: [ReLU]"
    [item] = archspec.check(whole(spec))
    assert (item.code.name, item.span.text) == ("A404", "b")
    assert codes(spec + "\noutputs: {x: '0', y: b}") == []


def test_allow_silences_warnings_and_no_errors() -> None:
    spec = "args: {a: 3}\nlayers: {fc: {op: Linear, out_features: 2}}\n"
    assert codes(spec) == ["A401", "A402"]
    assert codes(spec + "allow: [A402]") == ["A401"]
    assert codes(spec + "allow: [A401, A402]") == []
    assert codes("layers: {fc: {op: Lineer}}\nallow: [A302]") == ["A302"]


def test_a_misspelt_mention_is_one_mistake() -> None:
    assert codes("args: {width: 3}\nlayers: {a: {op: Dropout, p: widht / 9}}") == ["A301"]

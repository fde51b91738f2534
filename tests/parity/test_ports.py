"""Inputs and outputs of files by others: what is paired with what, what is assumed, and what is refused."""

from __future__ import annotations

import pytest
from onnx import parser

import archspec
from archspec.parity import PortsError, pair_ports
from archspec.parity.ports import fixed_sizes

GRAPH = archspec.load("""
archspec: 1
inputs:
  left: [N, 3, H, W]
  right: [N, 3, H, W]
  ids: {shape: [N, 5], dtype: int64}
layers:
  table: {op: Embedding, from: ids, num_embeddings: 9, embedding_dim: 2}
  both: {op: Add, from: [left, right]}
  mean: {op: Mean, from: both, dim: [2, 3]}
  flat: {op: Flatten, from: table}
outputs: {scores: mean, tokens: flat}
""").graph

OWN = "float[n,3,h,w] left, float[n,3,h,w] right, int64[n,5] ids"
SCORES, TOKENS = "float[n,3] scores", "float[n,10] tokens"
OUTPUTS = f"{SCORES}, {TOKENS}"


def pair(inputs: str, outputs: str) -> tuple[list[str], list[str], tuple[str, ...]]:
    """The file's names in the network's order, and what was assumed."""
    model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> file ({inputs}) => ({outputs}) {{}}')
    ports = pair_ports(GRAPH, model)
    return [port.name for port in ports.inputs], [port.name for port in ports.outputs], ports.assumptions


def test_equal_names_need_no_assumption() -> None:
    named = (["left", "right", "ids"], ["scores", "tokens"], ())
    assert pair(OWN, OUTPUTS) == named
    shuffled = "int64[n,5] ids, float[n,3,h,w] right, float[n,3,h,w] left"
    assert pair(shuffled, f"{TOKENS}, {SCORES}") == named


@pytest.mark.parametrize(
    ("inputs", "outputs", "found"),
    [
        (OWN.replace("ids", "y"), OUTPUTS, ["left", "right", "y", "scores", "tokens"]),
        (OWN.replace("int64[n,5] ids", "int32[2,5] y"), OUTPUTS, ["left", "right", "y", "scores", "tokens"]),
        (OWN.replace("right", "r"), "float[n,10] b, float[n,3] a", ["left", "r", "ids", "a", "b"]),
        (OWN, "float16[n,10] b, float16[n,3] a", ["left", "right", "ids", "a", "b"]),
        (OWN, "float[2,10] b, float[2,3] a, float[7] c", ["left", "right", "ids", "a", "b"]),
        (OWN, "float[n,10] b, float[n,m] a", ["left", "right", "ids", "a", "b"]),
    ],
)
def test_what_only_fits_in_one_place_is_assumed_to_be_it(inputs: str, outputs: str, found: list[str]) -> None:
    given, made, assumptions = pair(inputs, outputs)
    assert [*given, *made] == found
    own = ["left", "right", "ids", "scores", "tokens"]
    renamed = [f"`{name}` is the file's {other} (" for name, other in zip(own, found, strict=True) if name != other]
    assert all(text in said for text, said in zip(renamed, assumptions, strict=False))
    ignored = ["the file's output c (float32, 7) is ignored"] if " c" in outputs else []
    assert [*assumptions[len(renamed) :]] == ignored


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        (
            OWN.replace("left", "a").replace("right", "b"),
            OUTPUTS,
            "input left .float32, N x 3 x H x W. may be any of a .float32, n x 3 x h x w., b .*call the file's inputs",
        ),
        (OWN, "float[n,k] a, float[n,m] b", "output scores .* may be any of a .float32, n x k., b"),
        (OWN, SCORES, r"has no output for the network's tokens \(float32, N x 10\)$"),
        (OWN, f"{SCORES}, float[n] x", r"no output for the network's tokens .*; there is x \(float32, n\)$"),
        (OWN, f"{SCORES}, int64[n,10] tokens", "output tokens .float32, N x 10. of the network is tokens .int64"),
        (OWN.replace("float[n,3,h,w] left, ", ""), OUTPUTS, "has no input for the network's left"),
        (OWN.replace("n,3,h,w] left", "n,h,w] left"), OUTPUTS, "left .* is left .float32, n x h x w. in"),
        (f"{OWN}, bool[n] mask", OUTPUTS, r"has an input that the network lacks: mask \(bool, n\)"),
    ],
)
def test_what_is_missing_or_in_doubt_is_refused(inputs: str, outputs: str, told: str) -> None:
    with pytest.raises(PortsError, match=told):
        pair(inputs, outputs)


def test_sizes_that_a_file_fixes_are_those_of_plain_symbols() -> None:
    text = '<ir_version: 8, opset_import: ["" : 18]> file ({}) => ({}) {{}}'
    model = parser.parse_model(text.format(OWN.replace("n,3,h", "2,3,64"), OUTPUTS))
    assert fixed_sizes(GRAPH, pair_ports(GRAPH, model)) == {"N": 2, "H": 64}

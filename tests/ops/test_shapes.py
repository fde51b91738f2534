"""What an op says of sizes that are symbols, and of the labels of axes."""

from __future__ import annotations

from typing import Any

import pytest

from archspec.dims import symbol
from archspec.ops.conditions import gathered
from archspec.types import TensorType
from tests.ops.cases import op_class, type_of

N, H, W = symbol("N"), symbol("H"), symbol("W")


@pytest.mark.parametrize(
    ("op", "arguments", "axes", "expected"),
    [
        ("Conv2d", {"out_channels": 4, "kernel_size": 1}, "NHWC", "NCHW"),
        ("BatchNorm1d", {}, "NLC", "NCL"),
        ("Permute", {"dims": [0, 2, 3, 1]}, "NCHW", "NHWC"),
        ("Permute", {"dims": [0, 2, 1]}, "NCL", "NLC"),
        ("Transpose", {"dim0": 1, "dim1": -1}, "NCHW", "NWHC"),
        ("Flatten", {}, "NCHW", "NC"),
        ("Flatten", {}, "NHWC", "NC"),
        ("Flatten", {"start_dim": 2}, "NCHW", "NCL"),
        ("Flatten", {"start_dim": 1, "end_dim": 2}, "NHWC", "NLC"),
        ("Flatten", {"start_dim": 0, "end_dim": 1}, "NCL", "_L"),
        ("Flatten", {"start_dim": 1, "end_dim": 1}, "N_L", "N_L"),
        ("Flatten", {"start_dim": 1}, "N_L", "N_"),
        ("Linear", {"out_features": 5}, "NHWC", "NHWC"),
        ("LayerNorm", {}, "NLC", "NLC"),
        ("GroupNorm", {"num_groups": 1}, "NCHW", "NCHW"),
        ("ReLU", {}, "NLC", "NLC"),
        ("Reshape", {"shape": [2, -1]}, "NCHW", "__"),
        ("Reshape", {"shape": [2, 3, 5]}, "NLC", "NLC"),
        ("Reshape", {"shape": [2, -1, 5], "axes": ["N", None, "C"]}, "NLC", "N_C"),
        ("Select", {"dim": 1, "index": 0}, "NLC", "NC"),
        ("Slice", {"dim": 1, "start": 1}, "NLC", "NLC"),
        ("Mean", {"dim": [2, 3]}, "NCHW", "NC"),
        ("Mean", {"dim": 1}, "NLC", "NC"),
        ("Mean", {"dim": [-1], "keepdim": True}, "NCHW", "NCHW"),
        ("Sum", {"dim": 1}, "NLC", "NC"),
        ("Expand", {"sizes": [-1, 3, 5]}, "NLC", "NLC"),
        ("Unflatten", {"dim": 1, "unflattened_size": [1, 3]}, "NCHW", "N__HW"),
        ("Unflatten", {"dim": 1, "unflattened_size": [3]}, "NCHW", "NCHW"),
        ("Unsqueeze", {"dim": 1}, "NC", "N_C"),
        ("Movedim", {"source": 1, "destination": -1}, "NCHW", "NHWC"),
        ("Roll", {"shifts": 1, "dims": 1}, "NLC", "NLC"),
        ("GLU", {"dim": 0}, "NLC", "NLC"),
        ("Expand", {"sizes": [4, -1, -1, -1]}, "NLC", "_NLC"),
        ("Chunk", {"chunks": 2}, "NLC", "NLC"),
        ("ChannelShuffle", {"groups": 3}, "NCHW", "NCHW"),
        ("ZeroPad2d", {"padding": 1}, "NHWC", "NCHW"),
        ("Upsample", {"size": 4}, "NCHW", "NCHW"),
    ],
)
def test_labels_go_with_their_axes(op: str, arguments: dict[str, Any], axes: str, expected: str) -> None:
    found = op_class(op).model_validate(arguments).infer(labelled((2, 3, 5, 7)[: len(axes)], axes))
    first = found[0] if isinstance(found, tuple) and not isinstance(found, TensorType) else found
    assert first.axes == labels(expected)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("op", "first", "second", "expected"),
    [
        ("Add", "NCHW", "NCHW", "NCHW"),
        ("Add", "NLC", "NLC", "NLC"),
        ("Add", "NLC", "NCL", "N__"),
        ("Add", "___", "NLC", "NLC"),
        ("Mul", "C__", "NCHW", "NCHW"),
        ("Mul", "NCL", "NCHW", "N___"),
        ("Concat", "___", "NLC", "NLC"),
        ("Concat", "NCL", "NLC", "N__"),
        ("MatMul", "NLC", "NCL", "NLL"),
    ],
)
def test_merges_keep_labels_that_agree(op: str, first: str, second: str, expected: str) -> None:
    sizes = (2, 2, 2, 2)
    found = op_class(op)().infer(labelled(sizes[: len(first)], first), labelled(sizes[: len(second)], second))
    assert found.axes == labels(expected)  # type: ignore[union-attr]


def labels(text: str) -> tuple[str | None, ...]:
    return tuple(None if label == "_" else label for label in text)


def labelled(shape: tuple[int, ...], axes: str) -> TensorType:
    return TensorType(shape, labels(axes))


def test_owned_tensors_have_no_labels() -> None:
    assert op_class("Parameter")(shape=[1, 5, 8]).infer().axes == (None, None, None)


@pytest.mark.parametrize(
    ("op", "arguments", "inputs", "shape", "conditions"),
    [
        ("Add", {}, ["N 3 H", "N 3 H"], (N, 3, H), []),
        ("Add", {}, ["N 3 H", "N 3 W"], (N, 3, H), ["W == H"]),
        ("Add", {}, ["N 3 H", "N 3 7"], (N, 3, 7), ["H == 7"]),
        ("Add", {}, ["N 3 8*H", "N 3 W"], (N, 3, 8 * H), ["W == 8*H"]),
        ("Mul", {}, ["N 3 H", "3 1"], (N, 3, H), []),
        ("Mul", {}, ["3 1", "N 1 H", "N 3 W"], (N, 3, H), ["W == H"]),
        ("Concat", {}, ["N 3 H", "N 4 H"], (N, 7, H), []),
        ("Concat", {}, ["N 3 H", "N W H"], (N, W + 3, H), []),
        ("Concat", {}, ["N 3 H", "N 4 W", "N 5 9"], (N, 12, 9), ["H == 9", "W == 9"]),
        ("MatMul", {}, ["N 3 H", "N W 5"], (N, 3, 5), ["H == W"]),
        ("MatMul", {}, ["H 3 4", "W 4 5"], (H, 3, 5), ["W == H"]),
        ("Reshape", {"shape": [N, W]}, ["N H"], (N, W), ["H == W"]),
        ("Reshape", {"shape": [N, H * W]}, ["N H W"], (N, H * W), []),
        ("Reshape", {"shape": [-1, 6]}, ["N 3 H"], (N * H // 2, 6), ["6*floor(H*N/2) == 3*H*N"]),
        ("Unflatten", {"dim": 1, "unflattened_size": [2, -1]}, ["N 2*H"], (N, 2, H), []),
        ("Expand", {"sizes": [N, W]}, ["N H"], (N, H), ["H == W"]),
        ("Expand", {"sizes": [N, W, -1]}, ["N 1 H"], (N, W, H), []),
        ("Select", {"dim": 1, "index": -3}, ["N H"], (N,), ["H >= 3"]),
        ("Slice", {"dim": 1, "start": 1, "end": -2}, ["N H"], (N, H - 3), ["H >= 3"]),
        ("Slice", {"dim": 1, "end": 4}, ["N H"], (N, 4), ["H >= 4"]),
        ("GLU", {"dim": 1}, ["N H"], (N, H // 2), ["2*floor(H/2) == H"]),
        ("GroupNorm", {"num_groups": 3}, ["N 3"], (N, 3), ["N >= 2"]),
    ],
)
def test_what_depends_on_symbols_is_taken_and_said(
    op: str, arguments: dict[str, Any], inputs: list[str], shape: tuple[Any, ...], conditions: list[str]
) -> None:
    made, types = op_class(op).model_validate(arguments), [type_of(text) for text in inputs]
    with gathered() as noted:
        found = made.infer(*types)
    assert isinstance(found, TensorType)
    assert found.shape == shape
    assert [str(condition) for condition in noted] == conditions


@pytest.mark.parametrize("proofs", range(9))
def test_a_reshape_asks_for_the_same_where_proofs_run_out(proofs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([True] * proofs)
    monkeypatch.setattr("archspec.ops.shape.holds", lambda condition: next(left, None))
    with gathered() as conditions:
        op_class("Reshape").model_validate({"shape": [N, H, 7, 5]}).infer(type_of("N 8 7 5"))
    assert any("H" in each.symbols for each in conditions)
    assert all(each.at(N=3, H=8) for each in conditions)
    assert not all(each.at(N=3, H=9) for each in conditions)

"""Costs by block and by op: what adds up to what, and the tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import archspec
from archspec.reports import Summary
from archspec.reports.rollup import Group
from tests.reports.golden import check_golden

GOLDEN = Path(__file__).parents[1] / "golden" / "rollup"
SPEC = """
archspec: 1
name: nested
inputs: {image: [N, 3, 32, 32]}
blocks:
  Unit:
    args: {out: int, stride: 1}
    layers:
      conv: {op: Conv2d, out_channels: out, kernel_size: 3, stride: stride, padding: 1}
      relu: ReLU
      shortcut:
        from: x
        layers:
          - {op: Conv2d, out_channels: out, kernel_size: 1, stride: stride}
      add: {op: Add, from: [relu, shortcut]}
layers:
  stem: {op: Conv2d, out_channels: 8, kernel_size: 3, padding: 1}
  stages:
    - {op: Unit, out: 16}
    - {op: Conv2d, out_channels: 16, kernel_size: 1}
    - {op: Unit, out: 32, stride: 2}
  again: {share: stages.2.conv, from: stages.1}
  sum: {op: Add, from: [stages, again]}
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  head:
    - Flatten
    - {op: Linear, out_features: 10}
  aux: {op: Linear, from: head.0, out_features: 1000}
outputs: {head: head, aux: {from: aux, training: true}}
"""


def nested(image: str = "N,3,32,32") -> Summary:
    return archspec.load(SPEC, inputs={"image": image}).summary()


def test_blocks_and_the_layers_beside_them() -> None:
    groups = {group.path: group for group in nested().per("block").groups}
    assert [(group.level, group.path, group.kind, group.layers) for group in groups.values()] == [
        (1, "stem", "Conv2d", 1),
        (1, "stages", "", 9),
        (2, "stages.0", "Unit", 4),
        (3, "stages.0.shortcut", "", 1),
        (2, "stages.1", "Conv2d", 1),
        (2, "stages.2", "Unit", 4),
        (3, "stages.2.shortcut", "", 1),
        (1, "again", "Conv2d", 1),
        (1, "sum", "Add", 1),
        (1, "pool", "AdaptiveAvgPool2d", 1),
        (1, "head", "", 2),
        (1, "aux", "Linear", 1),
    ]
    unit = groups["stages.0"]
    assert unit.params == 8 * 16 * 9 + 16 + 8 * 16 + 16
    assert unit.macs == 32 * 32 * (8 * 16 * 9 + 8 * 16)
    assert unit.activation_bytes == 4 * 4 * 16 * 32 * 32  # a convolution, a ReLU, the shortcut's, a sum
    assert (groups["again"].params, groups["again"].macs) == (0, 16 * 16 * 16 * 32 * 9)
    assert (groups["aux"].params, groups["aux"].macs, groups["aux"].activation_bytes) == (33000, 0, 0)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "squeezenet", "nested"])
def test_everything_adds_up(name: str) -> None:
    summary = nested() if name == "nested" else archspec.load(name).summary()
    blocks, ops = summary.per("block"), summary.per("op")
    outermost = [group for group in blocks.groups if group.level == 1]
    for groups in (outermost, ops.groups):
        assert added(groups) == added([blocks.total]) == added([ops.total])
    assert blocks.total.params == summary.weights.parameters
    assert blocks.total.macs == summary.macs
    assert blocks.total.activation_bytes == summary.activations.sum
    for group in blocks.groups:
        inside = [layer for layer in summary.layers if f"{layer.path}.".startswith(f"{group.path}.")]
        assert (group.layers, group.params) == (len(inside), sum(layer.params for layer in inside)), group.path
        assert group.macs == sum(layer.macs for layer in inside)
        assert group.activation_bytes == sum(layer.activation_bytes for layer in inside)


def added(groups: list[Group] | tuple[Group, ...]) -> list[object]:
    return [sum(group.layers for group in groups), *map(sum, zip(*(group.costs for group in groups), strict=True))]


def test_the_costliest_op_comes_first() -> None:
    groups = nested().per("op").groups
    assert [group.name for group in groups[:2]] == ["Conv2d", "Linear"]
    assert {group.name: group.layers for group in groups} == {
        "Conv2d": 7, "Linear": 2, "Add": 3, "ReLU": 2, "AdaptiveAvgPool2d": 1, "Flatten": 1,
    }  # fmt: skip


def test_the_json_forms() -> None:
    summary = nested()
    blocks, ops = summary.per("block").as_dict(), summary.per("op").as_dict()
    assert list(blocks) == list(ops) == ["name", "per", "total", "groups"]
    assert (blocks["name"], blocks["per"], ops["per"]) == ("nested", "block", "op")
    assert blocks["total"]["share"] == {"params": 1.0, "macs": 1.0, "activation_bytes": 1.0}
    stem = {"layers": 1, "params": 224, "macs": 27 * 8 * 32 * 32, "activation_bytes": 4 * 8 * 32 * 32}
    share = {cost: stem[cost] / blocks["total"][cost] for cost in ("params", "macs", "activation_bytes")}
    assert blocks["groups"][0] == {"path": "stem", "block": "Conv2d", "level": 1, **stem, "share": share}
    assert blocks["groups"][1]["block"] is None
    assert list(ops["groups"][0]) == ["op", "layers", "params", "macs", "activation_bytes", "share"]


def test_shares_of_symbolic_costs_are_not_known() -> None:
    conv = nested("N,3,H,W").per("block").as_dict()["groups"][0]
    assert (conv["macs"], conv["activation_bytes"]) == ("216*H*W", "32*H*W")
    assert conv["share"]["params"] is not None
    assert (conv["share"]["macs"], conv["share"]["activation_bytes"]) == (None, None)


TEXTS = {
    "block_80.txt": lambda: nested().per("block").text(80),
    "block_120.txt": lambda: nested().per("block").text(120),
    "block_depth_1.txt": lambda: nested().per("block").text(80, depth=1),
    "block_symbolic.txt": lambda: nested("N,3,H,W").per("block").text(80),
    "block.md": lambda: nested().per("block").markdown(),
    "block.csv": lambda: nested().per("block").csv(),
    "op_80.txt": lambda: nested().per("op").text(80),
    "op.md": lambda: nested().per("op").markdown(),
    "op.csv": lambda: nested().per("op").csv(),
    "resnet50_80.txt": lambda: archspec.load("resnet50").summary().per("block").text(80),
    "resnet50_symbolic_80.txt": lambda: archspec.load("resnet50", inputs={"image": "N,3,H,W"}).summary().text(80),
    "mobilenet_v2_depth_2.txt": lambda: archspec.load("mobilenet_v2").summary().per("block").text(80, depth=2),
    "unet_80.txt": lambda: archspec.load("unet").summary().per("block").text(80),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_golden(name: str) -> None:
    check_golden(GOLDEN / name, TEXTS[name]())


def test_every_golden_file_has_a_case() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(TEXTS)


@pytest.mark.parametrize("per", ["block", "op"])
@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_longer_than_the_terminal(per: str, width: int) -> None:
    for summary in (nested(), nested("N,3,H,W")):
        assert max(map(len, summary.per(per).text(width).splitlines())) <= width  # type: ignore[arg-type]


def test_csv_has_the_numbers_of_json() -> None:
    summary = nested()
    rows = list(csv.DictReader(io.StringIO(summary.per("block").csv())))
    for row, group in zip(rows, summary.per("block").as_dict()["groups"], strict=True):
        assert row == {name: str(group[name]) if group[name] is not None else "" for name in row}

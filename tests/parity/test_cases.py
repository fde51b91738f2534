"""The sizes at which networks are compared."""

from __future__ import annotations

import pytest

import archspec
from archspec.graph import Graph
from archspec.parity.cases import NoSizes, sizes_of


def graph(shape: str, layers: str) -> Graph:
    return archspec.load(f"archspec: 1\ninputs: {{image: {shape}}}\nlayers:\n{layers}").graph


CONV = "  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}\n"
POOLS = "  pools:\n" + "    - {op: MaxPool2d, kernel_size: 2}\n" * 6
TURNED = """\
  turned: {op: Transpose, dim0: 2, dim1: 3}
  add: {op: Concat, from: [image, turned]}
"""
COARSE = """\
  a: {op: MaxPool2d, kernel_size: 67}
  b: {op: MaxPool2d, kernel_size: 67}
  up: {op: Upsample, scale_factor: 4489}
  more: {op: ZeroPad2d, from: image, padding: [1, 0, 1, 0]}
  add: {op: Concat, from: [more, up]}
"""
UNET = """\
  down: {op: MaxPool2d, kernel_size: 2}
  up: {op: ConvTranspose2d, out_channels: 3, kernel_size: 2, stride: 2}
  add: {op: Add, from: [image, up]}
"""


def test_only_the_batch_varies_where_all_else_is_known() -> None:
    assert sizes_of(graph("[N, 3, 8, 8]", CONV)) == [{"N": 1}, {"N": 2}, {"N": 3}]
    assert sizes_of(graph("[B, 3, 8, 8]", CONV), batches=(4,)) == [{"B": 4}]


def test_a_network_without_symbols_is_compared_as_often() -> None:
    assert sizes_of(graph("[2, 3, 8, 8]", CONV)) == [{}, {}, {}]


def test_other_symbols_take_two_more_settings_and_no_two_are_alike() -> None:
    cases = sizes_of(graph("[N, 3, H, W]", CONV))
    assert [case["N"] for case in cases] == [1, 2, 3, 1, 1]
    assert len({(case["H"], case["W"]) for case in cases}) == 3
    assert all(case["H"] != case["W"] for case in cases)
    assert any(case["H"] % 2 and case["W"] % 2 for case in cases)


def test_sizes_leave_more_than_one_position_of_every_map() -> None:
    assert min(min(case["H"], case["W"]) for case in sizes_of(graph("[N, 3, H, W]", POOLS))) >= 2**7


def test_sizes_that_a_layer_refuses_are_passed_over() -> None:
    cases = sizes_of(graph("[N, 3, H, W]", UNET))
    assert len(cases) == 4
    assert all(case["H"] % 2 == case["W"] % 2 == 0 for case in cases)


def test_a_single_symbol_is_enough() -> None:
    cases = sizes_of(graph("[N, 3, S, S]", CONV))
    assert len({case["S"] for case in cases}) == 3


def test_sizes_are_those_that_layers_ask_for() -> None:
    large = sizes_of(graph("[N, 3, H, W]", "  pool: {op: MaxPool2d, kernel_size: 1100}\n"))
    assert min(min(case["H"], case["W"]) for case in large) >= 1100
    equal = sizes_of(graph("[N, 3, H, W]", TURNED))
    assert len({case["H"] for case in equal}) > 1
    assert all(case["H"] == case["W"] for case in equal)


def test_a_network_that_takes_one_size_is_compared_there() -> None:
    split = "  split: {op: Split, dim: 3, split_size_or_sections: [3, 4]}\n  act: {op: ReLU, from: split.0}\n"
    assert {case["W"] for case in sizes_of(graph("[N, 3, H, W]", split))} == {7}


def test_a_network_whose_sizes_are_not_found_is_refused() -> None:
    with pytest.raises(NoSizes, match="H, W"):
        sizes_of(graph("[N, 3, H, W]", COARSE))

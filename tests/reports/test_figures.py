"""The names that tables give to floors: every size spoken of by names is the same size."""

from __future__ import annotations

from itertools import product

import pytest

import archspec
from archspec.dims import Dim, evaluate, symbol, symbols
from archspec.reports.figures import Legend, brief, times

H, W, N = symbol("H"), symbol("W"), symbol("N")


def stood_for(legend: Legend) -> dict[str, str]:
    return dict(line.split(" = ") for line in legend.lines(width=0))


def test_a_name_is_that_of_the_whole_size() -> None:
    legend = Legend([N, 64, (H - 1) // 2 + 1, (W - 1) // 2 + 1, (H - 1) // 4 + 1])
    assert stood_for(legend) == {
        "h1": "floor((H - 1)/2) + 1",
        "w1": "floor((W - 1)/2) + 1",
        "h2": "floor((H - 1)/4) + 1",
    }
    assert [str(legend(size)) for size in ((H - 1) // 2 + 1, (H - 1) // 2, H - 1, 7)] == ["h1", "h1 - 1", "H - 1", "7"]
    assert str(legend(27 * ((H - 1) // 2 + 1) * ((W - 1) // 2 + 1))) == "27*h1*w1"


def test_a_floor_of_several_symbols_is_named_after_all_of_them() -> None:
    assert stood_for(Legend([H // 2 * 2, (H * W + 3) // 7])) == {"h1": "floor(H/2)", "hw1": "floor((H*W - 4)/7) + 1"}


def test_no_name_is_a_symbol_of_the_network() -> None:
    assert stood_for(Legend([symbol("h1"), H // 3])) == {"h2": "floor(H/3)"}


def test_numbers_and_symbols_need_no_names() -> None:
    assert Legend([3, H, H * W - 2]).lines(80) == []


def test_names_stand_in_as_many_columns_as_fit() -> None:
    legend = Legend([H // 2, H // 3, H // 14])
    assert legend.lines(100) == ["h1 = floor(H/2)   h2 = floor(H/3)   h3 = floor(H/14)"]
    assert legend.lines(40) == ["h1 = floor(H/2)   h2 = floor(H/3)", "h3 = floor(H/14)"]
    assert legend.lines(1) == ["h1 = floor(H/2)", "h2 = floor(H/3)", "h3 = floor(H/14)"]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "unet", "squeezenet"])
def test_costs_by_names_are_the_same_costs(name: str) -> None:
    """At every size: put the values of the floors in for their names."""
    summary = archspec.load(name, inputs={"image": "N,3,H,W"}).summary()
    legend = summary.legend
    sizes = [size for layer in summary.layers for size in (layer.macs, layer.activation_bytes)]
    sizes += [summary.macs, summary.activations.sum, *summary.activations.peak]
    for height, width in product((64, 97), (65, 128)):
        at = {"H": height, "W": width, "N": 1}
        for size in sizes:
            assert value(legend(size), named_at(legend, at) | at) == evaluate(size, at)


def named_at(legend: Legend, at: dict[str, int]) -> dict[str, int]:
    """What the legend's lines come to, as Python reads them."""
    return {name: eval(text.replace("floor(", "int("), {"int": int}, at) for name, text in stood_for(legend).items()}


def value(size: Dim, at: dict[str, int]) -> Dim:
    assert symbols(size) <= at.keys()
    assert "floor" not in str(size)
    return evaluate(size, at)


def test_shapes_cannot_be_misread() -> None:
    assert times((N, 3, H - 2, 2 * W)) == "N x 3 x (H - 2) x 2*W"
    assert times((N, 3, H - 2, 2 * W), close=True) == "Nx3x(H-2)x(2*W)"
    assert times(()) == times((), close=True) == "scalar"


def test_a_long_formula_says_what_it_depends_on() -> None:
    assert [brief(12 * H), brief(123456789 * H * W + 1234 * H)] == ["12*H", "f(H, W)"]

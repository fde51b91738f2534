"""`assert`: promises of specs and blocks."""

from __future__ import annotations

import pytest

import archspec
from tests.elaborate.features import codes, whole

NET = """
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}
  bn: BatchNorm2d
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
  fc: {op: Linear, out_features: 10}
"""
PARAMS = 4 * 3 * 9 + 4 + 8 + 10 * 4 + 10
MACS = 36 * 4 * 27 + 40


@pytest.mark.parametrize(
    "promise",
    [
        f"params == {PARAMS}",
        f"macs == {MACS}",
        "params < 1_000 and macs > 3_000",
        "conv.C == 4",
        "conv.shape == [image.N, 4, 6, 6]",
        "fc.C in [10, 100]",
        "1 < conv.H <= 6",
        "not params > 1e6",
    ],
)
def test_promises_that_hold(promise: str) -> None:
    module = archspec.build(whole(NET))
    assert sum(parameter.numel() for parameter in module.parameters()) == PARAMS
    assert codes(NET + f"assert:\n  - {promise}") == []


@pytest.mark.parametrize(
    ("promise", "notes"),
    [
        ("params < 100", (f"params is {PARAMS}",)),
        ("conv.C == fc.C", ("conv.C is 4", "fc.C is 10")),
        ("macs / 2 > 10 ** 6", (f"macs / 2 is {MACS // 2:,}", "10 ** 6 is 1,000,000")),
        ("params < 100 and macs > 3", ()),
        ("1 > 2", ()),
    ],
)
def test_a_promise_that_does_not_hold_is_told_with_the_facts(promise: str, notes: tuple[str, ...]) -> None:
    [item] = archspec.check(whole(NET + f"assert: ['{promise}']"))
    assert (item.code.name, item.span.text, item.notes) == ("A313", promise, notes)


def test_promises_of_blocks_are_checked_wherever_they_stand() -> None:
    block = """
    blocks:
      B:
        args: {n: int}
        layers: {c: {op: Conv2d, out_channels: n, kernel_size: 1, bias: false}}
        assert: [params == 3 * n, c.C < 6, x.C == 3]
    """
    assert codes(block + "layers: {a: {op: B, n: 3}, b: {op: B, n: 5}}") == []
    found = archspec.check(whole(block + "layers: {a: {op: B, n: 3}, b: {op: B, n: 7}}"))
    assert [(item.code.name, item.span.text) for item in found] == [("A313", "c.C < 6")]


@pytest.mark.parametrize(
    ("promise", "code"),
    [("params", "A305"), ("flops > 3", "A301"), ("convv.C == 3", "A308"), ("params <", "A306"), ("[params]", "A305")],
)
def test_what_is_no_promise(promise: str, code: str) -> None:
    assert codes(NET + f"assert: ['{promise}']") == [code]


OPEN = "inputs: {image: [N, 3, H, W]}\n" + NET


def test_a_promise_that_depends_on_a_symbolic_size_is_an_error() -> None:
    assert codes(OPEN + "assert: [macs > 3]") == ["A312"]
    assert codes(OPEN + "assert: [image.H != 8]") == ["A312"]
    assert codes(OPEN + "assert: [image.H == 8 or image.W == 8]") == ["A312"]
    assert codes(OPEN + "assert: [conv.H == image.H - 2, conv.H < image.H]") == []


def test_that_sizes_are_the_same_is_asked_of_their_symbols() -> None:
    network = archspec.load(whole(OPEN + "assert: [image.H == 2 * image.W, image.W % 4 == 0, 8 == conv.H + 2]"))
    assert [(str(each.condition), each.layer, each.span.text) for each in network.graph.requirements[-3:]] == [
        ("H == 2*W", "assert", "image.H == 2 * image.W"),
        ("W - 4*floor(W/4) == 0", "assert", "image.W % 4 == 0"),
        ("8 == H", "assert", "8 == conv.H + 2"),
    ]
    assert [size for size in range(1, 20) if network.graph.takes({"H": 8, "W": size})] == [4]


def test_sizes_read_as_a_promise_has_them() -> None:
    layers = "layers: {down: {op: MaxPool2d, kernel_size: 2}, up: {op: Upsample, scale_factor: 2}}\n"
    spec = whole("inputs: {image: [N, 3, H, 8]}\n" + layers + "assert: [image.H % 2 == 0]")
    assert str(archspec.load(spec).graph.outputs[0].value.type) == "N x 3 x H x 8"


def test_symbols_that_cannot_be_as_promised_are_told() -> None:
    [item] = archspec.check(whole(OPEN + "assert: [image.H == 8, image.H == 9]"))
    assert (item.code.name, item.span.text) == ("A509", "image.H == 9")
    assert item.message == "no size H suits all layers: `assert` needs H == 9"
    assert codes(OPEN + "assert: [image.H == -1]") == ["A313"]

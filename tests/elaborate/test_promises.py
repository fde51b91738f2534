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


def test_a_promise_that_depends_on_a_symbolic_size_is_an_error() -> None:
    spec = "inputs: {image: [N, 3, H, 8]}\n" + NET
    assert codes(spec + "assert: [macs > 3]") == ["A312"]
    assert codes(spec + "assert: [conv.H == image.H - 2, conv.H < image.H]") == []

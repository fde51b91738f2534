"""What is said of values and names that only broken specs have: in the words of a spec, and without useless help."""

from __future__ import annotations

import pytest

import archspec
from archspec.diagnostics import Diagnostic

HEAD = "archspec: 1\ninputs: {image: [N, 3, 8, 8]}\n"


def _only(text: str, code: str) -> Diagnostic:
    (found,) = (item for item in archspec.check(HEAD + text) if item.code.name == code)
    return found


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("kernel_size:", "it is null"),
        ("kernel_size: true", "it is true"),
        ("kernel_size: [3, null, false]", "it is [3, null, false]"),
        ("kernel_size: ReLU", "it is ReLU"),
        ("kernel_size: [ReLU, 3]", "it is [ReLU, 3]"),
        ("kernel_size: {a: 1}", "{a: 1}"),
    ],
)
def test_values_are_told_as_a_spec_writes_them(argument: str, said: str) -> None:
    found = _only(f"layers: [{{op: MaxPool2d, {argument}}}]\n", "A305")
    assert said in found.message


def test_a_mapping_is_no_op() -> None:
    assert "a mapping" in _only("layers: [{op: Dropout, p: {half: null}}]\n", "A305").message


def test_what_is_given_already_is_not_proposed() -> None:
    found = _only("layers: [{op: MaxPool2d, kernel_size: 2, kernel_sizes: 2}]\n", "A303")
    assert found.fix is None
    block = "blocks: {B: {args: {width: 1}, layers: [ReLU]}}\nlayers: [{op: B, width: 2, widths: 3}]\n"
    assert _only(block, "A303").fix is None
    assert _only("layers: [{split: 2, splice: [ReLU]}]\n", "A201").fix is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('let: {"depth{": 1}\nlayers: [{op: Conv2d, out_channels: depth, kernel_size: 1}]\n', "A301"),
        ('let: {depth-0: 1}\nlayers: [{op: Conv2d, out_channels: depth, kernel_size: 1}]\n', "A301"),
        ('let: {depth\u0e33: 1}\nlayers: [{op: Conv2d, out_channels: depth, kernel_size: 1}]\n', "A301"),
        ('blocks: {"Gadget{": {layers: [ReLU]}}\nlayers: [Gadget]\n', "A302"),
    ],
)
def test_what_is_no_name_is_not_proposed(text: str, code: str) -> None:
    assert _only(text, code).fix is None


def test_a_float_beyond_all_sizes_is_no_integer() -> None:
    block = "blocks: {B: {args: {k: int}, layers: [{op: MaxPool2d, kernel_size: 2, stride: k}]}}\n"
    for layer in ("{op: MaxPool2d, kernel_size: 2, stride: 1e308}", "{op: B, k: 1e308}"):
        assert "1e+308" in _only(f"{block}layers: [{layer}]\n", "A305").message
    assert not archspec.check(f"{HEAD}layers: [{{op: MaxPool2d, kernel_size: 2, stride: 2e0}}]\n")


@pytest.mark.parametrize(
    ("tensor", "initialiser"),
    [("bias", "{kaiming_normal: {mode: fan_out}}"), ("bias", "xavier_uniform"), ("weight", "{constant: {val: 1e300}}")],
)
def test_an_initialiser_that_does_not_fit_its_tensor_is_refused(tensor: str, initialiser: str) -> None:
    layers = "layers: [{op: Conv2d, out_channels: 4, kernel_size: 1}]\n"
    found = _only(f"{layers}init: {{Conv2d: {{{tensor}: {initialiser}}}}}\n", "A502")
    assert found.span.text == initialiser
    assert not archspec.check(f"{HEAD}{layers}init: {{Conv2d: {{weight: xavier_uniform, bias: ones}}}}\n")


def test_numbers_beyond_all_sizes_are_told_once() -> None:
    for number in (".inf", "1e400", str(2**63), "-9007199254740993"):
        layers = "layers: [{op: MaxPool2d, kernel_size: NUMBER}]\n"
        default = "args: {size: NUMBER}\nlayers: [{op: MaxPool2d, kernel_size: size}]\n"
        for text in (HEAD + layers, HEAD + default, HEAD.replace("1", "NUMBER", 1) + layers.replace("NUMBER", "2")):
            (found,) = archspec.check(text.replace("NUMBER", number))
            assert found.span.text == number

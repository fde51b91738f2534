"""The sizes that networks take: what is said of them, against running every size."""

from __future__ import annotations

from itertools import product
from math import floor
from typing import Any

import pytest

import archspec

HEAD = "archspec: 1\nname: net\n"
NETS = {
    "windows": """
inputs: {image: [N, 3, H, W]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 5, stride: 2, padding: 1}
  pool: {op: MaxPool2d, kernel_size: 3, stride: 2, ceil_mode: true}
  last: {op: Conv2d, out_channels: 4, kernel_size: [3, 2]}
""",
    "a skip": """
inputs: {image: [N, 3, H, W]}
layers:
  a: {op: Conv2d, out_channels: 3, kernel_size: 3, stride: 2, padding: 1}
  b: {op: MaxPool2d, kernel_size: 2}
  up1: {op: ConvTranspose2d, out_channels: 3, kernel_size: 2, stride: 2}
  add1: {op: Concat, from: [a, up1]}
  up2: {op: Upsample, scale_factor: 2}
  add2: {op: Concat, from: [image, up2]}
""",
    "odd sizes": """
inputs: {image: [N, 3, H, W]}
layers:
  down: {op: MaxPool2d, kernel_size: 1, stride: [2, 3]}
  up: {op: ConvTranspose2d, out_channels: 3, kernel_size: 1, stride: [2, 3]}
  add: {op: Concat, from: [image, up]}
""",
    "a pyramid": """
inputs: {image: [N, 3, H, W]}
layers:
  p3: {op: Conv2d, out_channels: 3, kernel_size: 3, stride: 4, padding: 1}
  p4: {op: Conv2d, out_channels: 3, kernel_size: 3, stride: 2, padding: 1}
  up: {op: Upsample, scale_factor: 2}
  out: {op: Concat, from: [p3, up]}
""",
    "an adaptive pool": """
inputs: {image: [N, 3, H, W]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 7}
  pool: {op: AdaptiveAvgPool2d, output_size: 4}
  flatten: Flatten
  fc: {op: Linear, out_features: 10}
""",
    "tokens": """
inputs: {image: [N, 3, H, W]}
layers:
  patches: {op: Conv2d, out_channels: 8, kernel_size: 4, stride: 4}
  flatten: {op: Flatten, start_dim: 2}
  tokens: {op: Transpose, dim0: 1, dim1: 2}
  heads: {op: Reshape, shape: [image.N, 12, 2, 4]}
""",
    "windows of tokens": """
inputs: {image: [N, 4, H, W]}
layers:
  parts: {op: Reshape, shape: [image.N, 4, -1, 6, image.W]}
""",
    "a number somewhere": """
inputs: {image: [N, 3, H, W]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}
  flatten: {op: Flatten, start_dim: 1, end_dim: 2}
  fc: {op: Linear, in_features: 14, out_features: 2}
""",
}


def of(text: str, shape: str = "N,3,H,W") -> dict[str, Any]:
    found: dict[str, Any] = archspec.load(HEAD + text, inputs={"image": shape}).sizes().as_dict()["symbols"]
    return found


def takes(text: str, h: int, w: int) -> bool:
    shape = [2, 4 if "4, H" in text else 3, h, w]
    compilation = archspec.compilation.compile_target(HEAD + text, inputs={"image": shape})
    codes = [item.code.name for item in compilation.diagnostics]
    assert all(code.startswith(("A4", "A5")) for code in codes), codes
    return not any(code.startswith("A5") for code in codes)


@pytest.mark.parametrize("name", NETS)
def test_what_is_said_is_what_every_size_shows(name: str) -> None:
    text = NETS[name]
    symbols = of(text, "N,4,H,W" if "4, H" in text else "N,3,H,W")
    works = {(h, w) for h, w in product(range(1, 25), repeat=2) if takes(text, h, w)}
    assert works
    asked = [each["text"] for symbol in symbols.values() for each in symbol["conditions"]]
    for h, w in product(range(1, 25), repeat=2):
        names = {"H": h, "W": w, "floor": floor}
        assert ((h, w) in works) == all(eval(text, {**names}) for text in asked), (h, w)
    if name == "tokens":  # where H and W are coupled, the smallest H goes with a W beyond this range
        assert symbols["H"]["min"] == 4
        return
    for axis, symbol in enumerate(("H", "W")):
        sizes = sorted({size[axis] for size in works})
        found = symbols[symbol]
        assert found["min"] == sizes[0]
        assert found["fixed"] == (sizes[0] if len(sizes) == 1 else None)
        if len(sizes) > 1:
            assert all(size % found["multiple_of"] == 0 for size in sizes)
            assert any(size % (2 * found["multiple_of"]) for size in sizes)


LENET = """
inputs: {image: [N, 3, 28, 28]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 5}
  flatten: Flatten
  fc: {op: Linear, out_features: 10}
"""


def test_flatten_and_linear_fix_the_sizes_that_the_spec_gives() -> None:
    found = of(LENET)
    assert (found["H"]["min"], found["H"]["fixed"]) == (28, 28)
    assert found["W"]["conditions"] == [{"text": "W == 28 where H == 28", "layer": "fc", "line": 8}]
    with pytest.raises(archspec.SpecError, match="has to be a number"):
        archspec.load(HEAD + LENET.replace("28, 28", "H, W"))


def test_equations_between_symbols() -> None:
    text = """
inputs: {image: [N, 3, H, W]}
layers:
  turned: {op: Transpose, dim0: 2, dim1: 3}
  add: {op: Concat, from: [image, turned]}
"""
    found = of(text)
    assert found["H"] == {
        "min": 1,
        "multiple_of": 1,
        "fixed": None,
        "conditions": [{"text": "W == H", "layer": "add", "line": 7}],
    }


def test_axes_are_opened_under_names_of_their_own() -> None:
    """An axis labelled L is no symbol called L that stands elsewhere, nor one of another input and size."""
    layers = "  c1: {op: LayerNorm, from: c}\n  both: {op: Concat, dim: 2, from: [c1, d]}"
    spec = f"inputs: {{c: [N, L, 6], d: [N, L, 7]}}\nlayers:\n{layers}"
    symbols = archspec.load(HEAD + spec).with_dynamic("NL").sizes().symbols
    assert {name: found.fixed for name, found in symbols.items()} == {"N": None, "L": None, "L_c": 6, "L_d": None}


def test_a_network_without_symbols(capsys: pytest.CaptureFixture[str]) -> None:
    report = archspec.load(HEAD + "inputs: {image: [2, 3, 8, 8]}\nlayers: {act: ReLU}").sizes()
    assert report.as_dict() == {"symbols": {}}
    assert str(report) == "net: no input has a symbol for a size"


def test_how_the_table_reads() -> None:
    report = archspec.load("unet", inputs={"image": "N,3,H,W"}).sizes()
    assert str(report) == """\
unet

symbol  min  multiple of  fixed
N         1            1
H        16           16
W        16           16

  H % 16 == 0, from `up4.concat`: 16*floor(H/16) meets H
  W % 16 == 0, from `up4.concat`: 16*floor(W/16) meets W"""

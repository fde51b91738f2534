"""`dynamic`: which axes stay symbols, beside what else is asked for, and which layer says no."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

import archspec
from archspec.architecture import UnknownAxisError

FREE = """archspec: 1
name: free
inputs: {image: [N, 3, 16, 16]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}
  down: {op: MaxPool2d, kernel_size: 2}
  up: {op: Upsample, scale_factor: 2}
  add: {op: Add, from: [conv, up]}
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
"""
POSITIONS = FREE + """  table: {op: Parameter, shape: [1, 4, 14, 14]}
  moved: {op: Add, from: [add, table]}
outputs: {moved: moved, flatten: flatten}
"""
CLASSIFIED = FREE.replace("  pool: {op: AdaptiveAvgPool2d, output_size: 1}\n", "")
CLASSIFIED += "  fc: {op: Linear, out_features: 2}\n"
POOLED = FREE.replace("output_size: 1", "output_size: 2")


def test_axes_keep_their_labels_when_the_input_is_pixels(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    archspec.export("squeezenet1_1", path, dynamic=["N", "H", "W"], preprocess="uint8-nhwc", parity=False)
    model = onnx.load(path)
    assert [axis.dim_param or axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim] == [
        *("N", "H", "W", 3)
    ]
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert {each.key: each.value for each in model.metadata_props}["archspec.sizes"] == "H >= 17\nW >= 17"


@pytest.mark.parametrize(
    ("text", "layer", "line"),
    [(POSITIONS, "moved", 12), (POOLED, "pool", 9), (CLASSIFIED, "fc", 10)],
)
def test_a_layer_that_needs_one_size_is_named_at_its_line(text: str, layer: str, line: int, tmp_path: Path) -> None:
    archspec.export(text, tmp_path / "net.onnx", parity=False)
    with pytest.raises(archspec.SpecError, match=f"`{layer}`") as caught:
        archspec.export(text, tmp_path / "other.onnx", dynamic="HW")
    assert [each.span.line for each in caught.value.diagnostics] == [line]
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [("w", "no axis `w`; did you mean `W`"), (["H", "time"], "no axis `time`; the axes of its inputs are N, C, H, W")],
)
def test_a_label_that_no_input_has_is_refused(labels: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownAxisError, match=message):
        archspec.export(FREE, tmp_path / "net.onnx", dynamic=labels)

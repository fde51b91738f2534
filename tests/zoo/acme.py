"""A collection of somebody's own: a spec with a block of theirs and one of archspec's, and its published networks."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save_file

import archspec

FILES = {
    "specs/widget.yaml": """archspec: 1
name: widget
description: A small network for parts on a belt.
reference: Acme, Widgets, 2024
import: [blocks/conv.yaml, acme/gate.yaml]
args: {width: 8, num_classes: 10}
inputs: {image: [N, 3, 32, 32]}
layers:
  stem: {op: ConvNormAct, out: width, stride: 2}
  gate: Gate
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
  head: {op: Linear, out_features: num_classes}
""",
    "specs/acme/gate.yaml": """archspec: 1
blocks:
  Gate:
    layers:
      weight: {op: Conv2d, out_channels: x.C, kernel_size: 1}
      sigmoid: Sigmoid
      gated: {op: Mul, from: [x, sigmoid]}
""",
    "zoo/widget.yaml": """models:
  widget_s:
    spec: widget
    weights: {V1: ../weights/widget_s.v1.safetensors, V2: ../weights/widget_s.v2.safetensors}
    weights_args: {V2: {num_classes: 12}}
    expect: {params: 412}

  widget_l:
    spec: widget
    args: {width: 32}

  resnet26:                       # of archspec's own spec
    spec: resnet
    args: {block: Bottleneck, depths: [2, 2, 2, 2]}
""",
}


def write(folder: Path, **more: str) -> Path:
    """The collection in a folder; `more` are other zoo files, by the names of their families."""
    for name, text in {**FILES, **{f"zoo/{family}.yaml": text for family, text in more.items()}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_weights(folder: Path) -> None:
    """Weights of both names, as their authors would publish them."""
    (folder / "weights").mkdir()
    for name, classes in (("v1", 10), ("v2", 12)):
        model = archspec.build("widget_s", zoo=folder, num_classes=classes)
        save_file(model.state_dict(), folder / "weights" / f"widget_s.{name}.safetensors")

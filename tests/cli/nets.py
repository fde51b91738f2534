"""Specs that commands are tried on."""

from __future__ import annotations

NET = """archspec: 1
name: small
args: {width: 4, act: ReLU}
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: width, kernel_size: 3, bias: false}
  bn: BatchNorm2d
  act: act
  flatten: Flatten
  fc: {op: Linear, out_features: 10}
"""
BAD = NET.replace("Flatten", "Flaten").replace("width, k", "widht, k")

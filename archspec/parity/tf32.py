"""Whether products of float32 are rounded to TF32 on a device: tried, since what was asked for need not hold."""

from __future__ import annotations

import onnx
import torch
from torch import Tensor, nn

from archspec.parity.runs import Session, run_torch

_WIDTH = 256  # for which there are kernels that would round
_NUMBER = 1 + 2.0**-12  # float32 has it; TF32, with 10 bits behind the point, makes it 1
_MODEL = f"""<ir_version: 8, opset_import: ["" : 18]>
products (float[1,{_WIDTH},16,16] image, float[{_WIDTH},{_WIDTH},1,1] kernel, float[{_WIDTH},{_WIDTH}] matrix)
    => (float[1,{_WIDTH},16,16] convolved, float[{_WIDTH},{_WIDTH}] multiplied)
{{
    convolved = Conv (image, kernel)
    identity = Flatten (kernel)
    multiplied = MatMul (matrix, identity)
}}"""


class _Products(nn.Module):
    def forward(self, image: Tensor, kernel: Tensor, matrix: Tensor) -> dict[str, Tensor]:
        return {"convolved": nn.functional.conv2d(image, kernel), "multiplied": matrix @ kernel.flatten(1)}


def rounds_to_tf32(device: str) -> bool:
    """Whether torch or onnxruntime loses bits there that float32 has, in a product with the identity."""
    if device == "cpu":
        return False
    identity = torch.eye(_WIDTH)[:, :, None, None]
    inputs = [torch.full((1, _WIDTH, 16, 16), _NUMBER), identity, torch.full((_WIDTH, _WIDTH), _NUMBER)]
    products = [
        *run_torch(_Products(), [tensor.to(device) for tensor in inputs]),
        *Session(onnx.parser.parse_model(_MODEL).SerializeToString(), device).run(inputs),
    ]
    return any((product != _NUMBER).any() for product in products)

"""An example as a model of its own, with torch's layer beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import onnx_ir
import torch

from archspec.backends.onnx import emit
from archspec.ops.base import Op
from archspec.types import TensorType
from tests.ops.cases import Example, Sizes, at
from tests.ops.realize import named_tensors, one_layer, torch_itself


def as_tuple(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, (tuple, list)) and not isinstance(result, TensorType) else (result,)


def shapes(example: Example, sizes: Sizes) -> list[tuple[int, ...]]:
    return [at(type_, sizes) for type_ in example.types()]


def reference(example: Example, sizes: Sizes) -> Callable[..., Any]:
    """torch's own layer in evaluation, with weights and statistics that are like nothing else."""
    made = torch_itself(example, shapes(example, sizes), sizes)
    if isinstance(made, torch.nn.Module):
        for parameter in made.parameters():
            torch.nn.init.normal_(parameter)
        for name, buffer in made.named_buffers():
            if name != "num_batches_tracked":
                torch.nn.init.uniform_(buffer, 0.5, 2)
        made.eval()
    return made


def weights_of(layer: Callable[..., Any]) -> dict[str, torch.Tensor]:
    """The layer's tensors by their keys in a network of one layer."""
    return {f"layer.{name}": value.detach() for name, value in named_tensors(layer).items()}


def emitted(op: Op, example: Example, weights: Mapping[str, torch.Tensor], opset: int) -> onnx.ModelProto:
    """The op as a model of its own, of nothing but ONNX's own operators at that opset."""
    model = onnx_ir.to_proto(emit(one_layer(op, example), weights, opset=opset))
    assert [(imported.domain, imported.version) for imported in model.opset_import] == [("", opset)]
    assert not any(node.domain for node in model.graph.node)
    onnx.checker.check_model(model, full_check=True)
    return model


def feeds_of(example: Example, values: list[torch.Tensor], sizes: Sizes) -> dict[str, np.ndarray]:
    """The inputs of the model: what the layer reads, and what stands beside it."""
    feeds = {f"x{k}": value.numpy().copy() for k, value in enumerate(values)}
    if example.beside:
        feeds["beside"] = np.zeros([sizes.get(size) or int(size) for size in example.beside.split()], np.float32)
    return feeds

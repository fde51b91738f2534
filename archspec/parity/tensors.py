"""The tensors in a file against those of the module: bit by bit, every element accounted for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnx_ir as ir
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights

from archspec.backends.onnx import Emission
from archspec.graph import Graph, Node, state_key
from archspec.parity.measure import Array

_CONSTANT = re.compile(r"/const(_\d+)?$")
_UNUSED = "num_batches_tracked"  # what BatchNorm counts in training; nothing is computed with it

_LAST_BITS = 2


class TensorCheck(NamedTuple):
    """What a file holds, and what is wrong with it, a sentence each."""

    elements: int  # of parameters and floating-point buffers
    integers: int  # elements of integer buffers
    constants: int  # how many there are
    constant_bytes: int
    folded: int  # BatchNorms that went into the convolution before them
    problems: tuple[str, ...]


def check_tensors(emission: Emission, module: nn.Module, model: onnx.ModelProto, directory: Path) -> TensorCheck:
    """Hold every initialiser of a model, whose external data lie in `directory`, against the module's tensors.

    Parameters and floating-point buffers have to be there, all of them once; integer buffers may, where a layer
    computes with them. With fp16 a tensor is the module's, rounded; where a BatchNorm is folded into a convolution,
    it is what torch.nn.utils.fusion gives in float64. The rest is constants, by their names.
    """
    names = {tensor.name for tensor in model.graph.initializer}
    tensors = _evaluated(emission.graph, module)
    folded = _folded(emission.graph, names) if emission.fold_bn else []
    fused = set[str]()
    for layer, norm in folded:
        found = _fused(tensors, layer, norm)
        fused |= found.keys()
        gone = {state_key(norm.owner, name) for name in norm.parameters()}
        tensors = {key: tensor for key, tensor in tensors.items() if key not in gone} | found
    problems = [f"{key} of the network is not in the file" for key in _floats(tensors) if key not in names]
    elements = integers = constants = constant_bytes = 0
    for tensor in model.graph.initializer:
        size = prod(tensor.dims)
        if tensor.name in tensors:
            array = ir.serde.deserialize_tensor(tensor, directory).numpy()  # of external data it is a map
            if reason := _difference(array, tensors[tensor.name], emission.dtype, exact=tensor.name not in fused):
                problems.append(f"{tensor.name} in the file {reason}")
            if tensors[tensor.name].is_floating_point():
                elements += size
            else:
                integers += size
        elif is_constant(tensor.name):
            constants += 1
            constant_bytes += size * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        else:
            problems.append(f"{tensor.name} in the file is neither a tensor of the network nor a constant")
    return TensorCheck(elements, integers, constants, constant_bytes, len(folded), tuple(problems))


def is_constant(name: str) -> bool:
    """Whether an initialiser has the name of a constant, and not that of a tensor of the network."""
    return _CONSTANT.search(name) is not None


def _evaluated(graph: Graph, module: nn.Module) -> dict[str, Tensor]:
    """The tensors that evaluation computes with, by key."""
    keys = {
        state_key(node.owner, name)
        for node in graph.nodes
        if not node.training_only
        for name in node.parameters()
        if name != _UNUSED
    }
    return {key: tensor.detach().cpu() for key, tensor in module.state_dict().items() if key in keys}


def _floats(tensors: Mapping[str, Tensor]) -> Iterator[str]:
    return (key for key, tensor in tensors.items() if tensor.is_floating_point())


def _folded(graph: Graph, names: Set[str]) -> list[tuple[Node, Node]]:
    """Each BatchNorm whose statistics are not in the file, behind the layer whose weight it scales."""
    norms = [node for node in graph.nodes if type(node.op).__name__.startswith("BatchNorm") and not node.training_only]
    absent = [node for node in norms if state_key(node.owner, "running_var") not in names]
    pairs = ((_weighted_before(node, absent), node) for node in absent)
    return [(layer, node) for layer, node in pairs if layer is not None]


def _weighted_before(node: Node, absent: Sequence[Node]) -> Node | None:
    """The layer with a weight that a layer reads, maybe through others that are gone, or do nothing in evaluation."""
    before = node.inputs[0].node
    while before is not None and (before in absent or (before.op.view and not before.parameters())):
        before = before.inputs[0].node
    return before if before is not None and "weight" in before.parameters() else None


def _fused(tensors: Mapping[str, Tensor], layer: Node, norm: Node) -> dict[str, Tensor]:
    """The weight and bias of a convolution, or of a linear layer, with a BatchNorm folded into it."""
    weight, bias = (_double(tensors, layer, name) for name in ("weight", "bias"))
    mean, variance, scale, shift = (
        _double(tensors, norm, name) for name in ("running_mean", "running_var", "weight", "bias")
    )
    transposed = type(layer.op).__name__.startswith("ConvTranspose")
    groups: int = getattr(layer.op, "groups", 1)
    weight = _turned(weight, groups) if transposed else weight
    eps: float = norm.op.eps  # type: ignore[attr-defined]
    fuse = fuse_linear_bn_weights if weight.ndim == 2 else fuse_conv_bn_weights
    weight, bias = (tensor.detach() for tensor in fuse(weight, bias, mean, variance, eps, scale, shift))
    weight = _turned(weight, groups) if transposed else weight
    return {state_key(layer.owner, "weight"): weight, state_key(layer.owner, "bias"): bias}


def _turned(weight: Tensor, groups: int) -> Tensor:
    """The weight of a transposed convolution, inputs first, as that of a convolution, outputs first; and back. torch's
    own fusion knows no groups of it."""
    ahead, behind, *kernel = weight.shape
    parts = weight.reshape(groups, ahead // groups, behind, *kernel).transpose(1, 2)
    return parts.reshape(groups * behind, ahead // groups, *kernel)


def _double(tensors: Mapping[str, Tensor], layer: Node, name: str) -> Any:
    """A tensor of a layer in float64, or None."""
    tensor = tensors.get(state_key(layer.owner, name))
    return None if tensor is None else tensor.double()


def _difference(found: Array, tensor: Tensor, dtype: str, *, exact: bool) -> str:
    """What is wrong with a tensor of the file, if anything. One that was computed may be off by the last bits of its
    greatest element."""
    if tensor.is_floating_point() and not np.isfinite(found).all():
        return "is not finite"
    if dtype == "fp16" and found.dtype == np.float16:
        tensor = tensor.half()
    elif not exact:
        tensor = tensor.float()
    kind = str(tensor.dtype).removeprefix("torch.")
    if found.dtype.name != kind or found.shape != tuple(tensor.shape):
        return f"is {found.dtype.name} {list(found.shape)}, and not the module's {kind} {list(tensor.shape)}"
    if not exact:
        wanted = tensor.numpy()
        most = _LAST_BITS * np.finfo(wanted.dtype).eps * np.abs(wanted).max(initial=0)
        same = np.abs(found - wanted).max(initial=0) <= most
    else:
        bits = np.dtype(f"u{found.dtype.itemsize}")
        wanted = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().view(bits)
        same = np.array_equal(np.ascontiguousarray(found).reshape(-1).view(bits), wanted)
    return "" if same else "is not the module's"

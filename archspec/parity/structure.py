"""What a file just written is, beside the numbers that it computes: its shapes, its tensors, its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import onnx
from torch import nn

from archspec.backends.onnx import Emission
from archspec.parity.shapes import check_shapes
from archspec.parity.tensors import check_tensors


@dataclass(frozen=True, slots=True)
class Structure:
    """What was found in a file, and what is wrong with it: a sentence each."""

    opset: int
    ir_version: int
    nodes: int
    values: int  # between the nodes, and behind them
    shapes_compared: int  # values whose shape onnx's own inference gives, too
    elements: int  # of parameters and floating-point buffers: as many as the network has, each once
    integers: int  # elements of integer buffers
    constants: int
    constant_bytes: int
    folded: int  # BatchNorms that went into the layer before them
    unfolded: int  # that are there as nodes of their own
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {**asdict(self), "problems": list(self.problems)}


def inspect(
    emission: Emission, module: nn.Module, model: onnx.ModelProto, directory: Path, sizes: Mapping[str, int]
) -> Structure:
    """Look at a model as it was read from a file, without its external data, which lie in `directory`; `sizes` are
    numbers for the symbols of the network."""
    shapes = check_shapes(model, sizes)
    tensors = check_tensors(emission, module, model, directory)
    return Structure(
        opset=next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")),
        ir_version=model.ir_version,
        nodes=len(model.graph.node),
        values=shapes.values,
        shapes_compared=shapes.compared,
        elements=tensors.elements,
        integers=tensors.integers,
        constants=tensors.constants,
        constant_bytes=tensors.constant_bytes,
        folded=tensors.folded,
        unfolded=sum(node.op_type == "BatchNormalization" for node in model.graph.node),
        problems=(*shapes.problems, *tensors.problems),
    )

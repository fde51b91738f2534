"""How a network is written as ONNX: all that decides about a model beside its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import onnx_ir as ir

from archspec.backends.onnx.emitter import emit
from archspec.backends.onnx.folding import fold
from archspec.backends.onnx.half import halve
from archspec.backends.onnx.runtimes import LATEST, Runtime
from archspec.graph import Graph


@dataclass(frozen=True, slots=True)
class Emission:
    """A graph and the options that it is written with. Two models of one emission differ in their tensors alone."""

    graph: Graph
    opset: int | None = None  # exactly this one; None: the default, raised where a layer needs more
    runtime: Runtime = LATEST  # the oldest that has to run it
    dtype: Literal["fp32", "fp16"] = "fp32"
    io_fp16: bool = False
    fold_bn: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    def model(self, tensors: Mapping[str, Any]) -> ir.Model:
        """The model with these tensors, by state_dict key. Raises EmitError."""
        model = emit(self.graph, tensors, opset=self.opset, runtime=self.runtime, metadata=self.metadata)
        if self.fold_bn:
            fold(model)
        if self.dtype == "fp16":
            halve(model, io=self.io_fp16)
        return model

"""What activations share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from archspec.ops.base import FLOATS, Elementwise, Emitter, Handle, TorchRecipe, of_dtype, torch_nn
from archspec.ops.formula import Term
from archspec.types import DType, TensorType


class Activation(Elementwise):
    """A function of floating-point numbers; the module of torch.nn that has its name."""

    def infer(self, *inputs: TensorType) -> TensorType:
        of_dtype(self, inputs[0], *FLOATS)
        return inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return torch_nn(self)


class InPlace(Activation):
    """An activation that torch can write over its input; the numbers are the same."""

    inplace: bool = False


class Spelled(Activation):
    """An activation that ONNX has an operator for. It is a formula below the opset that the operator came with, and
    in float64, of which runtimes have none."""

    operator: ClassVar[str]
    since: ClassVar[int] = 1
    unknown: ClassVar[tuple[DType, ...]] = (DType.float64,)

    def attributes(self) -> dict[str, float]:
        """The arguments as the operator takes them."""
        return {}

    @abstractmethod
    def formula(self, x: Term) -> Term:
        """The same of simpler operators."""

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        if emit.opset < self.since or inputs[0].dtype in self.unknown:
            return self.formula(Term(emit, values[0], inputs[0].dtype)).handle
        return emit.node(self.operator, values[0], **self.attributes())

"""From one element type to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from archspec.dims import Dim
from archspec.ops.base import Elementwise, Emitter, Handle, TorchModule, TorchRecipe
from archspec.types import DType, TensorType

_GREATEST = {
    DType.uint8: 2**8 - 1,
    DType.int8: 2**7 - 1,
    DType.int16: 2**15 - 1,
    DType.int32: 2**31 - 1,
    DType.int64: 2**63 - 1,
}


class ToDtype(Elementwise):
    """torchvision.transforms.v2.ToDtype, to floating-point numbers: the elements in another type. With `scale`
    integers become parts of the greatest one of their type, say 0 to 255 becomes 0 to 1. A module that is converted
    as a whole (`model.double()`) gives what it is converted to."""

    dtype: Literal["float32", "float64", "float16"] = "float32"
    scale: bool = False

    def infer(self, *inputs: TensorType) -> TensorType:
        return inputs[0]._replace(dtype=DType(self.dtype))

    def entries(self, *inputs: TensorType) -> Dim | None:
        """Bytes are pixels, of which every one is legal."""
        return _GREATEST[DType.uint8] + 1 if inputs[0].dtype is DType.uint8 else None

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchModule("archspec.backends.torch.layers.ToDtype", {"dtype": self.dtype, **self.written()})

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        before, after = inputs[0].dtype, DType(self.dtype)
        if before is after:
            return values[0]
        converted = emit.node("Cast", values[0], to=after)
        if not self.scale or before not in _GREATEST:
            return converted
        return emit.node("Mul", converted, emit.constant(1 / _GREATEST[before], after))

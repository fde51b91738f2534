"""Relative positions in a window: tables of what lies between two of its positions.

Sources: Liu et al., Swin Transformer, 2021 (arXiv:2103.14030), and Swin Transformer V2, 2022 (arXiv:2111.09883).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from math import log, prod
from typing import Any, ClassVar

from archspec.ops.arguments import Positive2
from archspec.ops.base import Emitter, Handle, Init, Op, OpError, OwnedTensor, Receptive, TorchRecipe, TorchTensor
from archspec.types import DType, TensorType


class _Table(Op):
    """A buffer that is worked out from the size of a window; without labels and without inputs. Its own name is empty:
    the layer's path is its key."""

    inputs: ClassVar[tuple[int, int | None]] = (0, 0)
    dtype: ClassVar[DType]
    function: ClassVar[str]

    window_size: Positive2

    @abstractmethod
    def _shape(self) -> tuple[int, ...]:
        """Its shape."""

    @abstractmethod
    def _bounds(self) -> tuple[float, float]:
        """Its least and its greatest value."""

    def infer(self, *inputs: TensorType) -> TensorType:
        return TensorType(self._shape(), (None,) * len(self._shape()), self.dtype)

    def parameters(self, *inputs: TensorType) -> dict[str, OwnedTensor]:
        start = Init("table", *self._bounds())
        return {"": OwnedTensor(self._shape(), start, trainable=False, buffer=True, dtype=self.dtype)}

    def macs(self, *inputs: TensorType) -> int:
        return 0

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        arguments: dict[str, Any] = {"window_size": self.window_size}
        return TorchTensor(f"archspec.backends.torch.positions.{self.function}", arguments)

    def to_onnx(self, emit: Emitter, values: Sequence[Handle], *inputs: TensorType) -> Handle:
        return emit.parameter("")


class RelativePositionIndex(_Table):
    """A saved table, not trained: for every two positions p and q of a window of h rows and w columns, counted row by
    row, the number of the way from q to p, (dy + h - 1) (2 w - 1) + dx + w - 1: there are (2 h - 1) (2 w - 1) ways. It
    has the shape [h w, h w], or, `flat`, all pairs in one axis. Source: Liu et al., 2021 (arXiv:2103.14030)."""

    dtype: ClassVar[DType] = DType.int64
    function: ClassVar[str] = "relative_position_index"

    flat: bool = False

    def _shape(self) -> tuple[int, ...]:
        area = prod(self.window_size)
        return (area * area,) if self.flat else (area, area)

    def _bounds(self) -> tuple[float, float]:
        return 0, prod(2 * size - 1 for size in self.window_size) - 1


class RelativeCoordinates(_Table):
    """A saved table, not trained: all ways (dy, dx) between two positions of a window of h rows and w columns, on a
    logarithmic scale, sign(d) log8(1 + 8 |d| / (size - 1)). Its shape is [1, 2 h - 1, 2 w - 1, 2]. Source: Liu et al.,
    2022 (arXiv:2111.09883), section 3.3, as torchvision scales it."""

    dtype: ClassVar[DType] = DType.float32
    function: ClassVar[str] = "relative_coordinates"

    def infer(self, *inputs: TensorType) -> TensorType:
        if 1 in self.window_size:
            text = f"window_size is {list(self.window_size)}, and the scale divides by size - 1"
            raise OpError(text, field="window_size")
        return super().infer(*inputs)

    def _shape(self) -> tuple[int, ...]:
        height, width = self.window_size
        return 1, 2 * height - 1, 2 * width - 1, 2

    def _bounds(self) -> tuple[float, float]:
        greatest = log(9, 8)
        return -greatest, greatest

"""What ops share that move elements and compute nothing."""

from __future__ import annotations

from typing import ClassVar

from archspec.ops.base import Receptive, Weightless
from archspec.types import TensorType


class Moved(Weightless):
    """Each element of the output is one of the input."""

    view: ClassVar[bool] = True
    mixes_channels: ClassVar[bool] = False

    def receptive(self, *inputs: TensorType) -> Receptive:
        return "point"

"""Tables of relative positions, value by value as torchvision has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.ops.cases import Example, ok
from tests.ops.realize import owned_tensor
from tests.ops.windows import relative_coordinates, relative_position_index

TABLES = [
    (ok("RelativePositionIndex", window_size=[2, 3]), relative_position_index),
    (ok("RelativePositionIndex", window_size=[3, 2], flat=True), relative_position_index),
    (ok("RelativePositionIndex", window_size=7), relative_position_index),
    (ok("RelativeCoordinates", window_size=[2, 3]), relative_coordinates),
    (ok("RelativeCoordinates", window_size=8), relative_coordinates),
]


@pytest.mark.parametrize(("example", "theirs"), TABLES, ids=str)
def test_a_table_is_torchvisions(example: Example, theirs: Callable[..., torch.Tensor]) -> None:
    op = example.make()
    (owned,) = op.parameters().values()
    recipe: Any = op.to_torch()
    assert torch.equal(owned_tensor(recipe, owned.shape, owned.dtype), theirs(**example.arguments))

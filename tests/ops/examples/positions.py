from __future__ import annotations

from functools import partial
from typing import Any

from tests.ops.cases import no, ok
from tests.ops.windows import relative_coordinates, relative_position_index

NONE: dict[str, Any] = {"window_size": 0}
LINE: dict[str, Any] = {"window_size": [2, 1]}

EXAMPLES = [
    ok("RelativePositionIndex", window_size=7),
    ok("RelativePositionIndex", window_size=[2, 3], flat=True),
    ok("RelativePositionIndex", window_size=1),
    ok("RelativeCoordinates", window_size=8),
    ok("RelativeCoordinates", window_size=[2, 5]),
]

REFUSED = [
    no("window_size", "RelativePositionIndex", **NONE, torch=partial(relative_position_index, **NONE)),
    no("window_size", "RelativeCoordinates", **LINE, torch=partial(relative_coordinates, **LINE)),
]

"""Values that stand for a mapping: `data: digits` is `data: {source: digits}`."""

from __future__ import annotations

from archspec.recipes.recipe import Data, Ema, Model, Optimizer, Schedule
from archspec.syntax.tree import Mapping, Scalar, Sequence

_MEANT = {
    "model": Model.short,
    "data": Data.short,
    "optimizer": Optimizer.short,
    "schedule": Schedule.short,
    "ema": Ema.short,
}


def lengthen(mapping: Mapping, key: str) -> None:
    """Write the value of a key of a recipe, or of a stage, as the mapping that it stands for."""
    if key in _MEANT and key in mapping.entries:
        name, value = mapping.entries[key]
        if isinstance(value, Scalar) and value.value is not None:
            mapping.entries[key] = name, Mapping({_MEANT[key]: (name, value)}, value.span)


def lengthen_all(root: Mapping) -> None:
    """Write all of a recipe's that way."""
    stages = root.get("stages")
    inner = stages.items if isinstance(stages, Sequence) else []
    for mapping in [root, *(stage for stage in inner if isinstance(stage, Mapping))]:
        for key in _MEANT:
            lengthen(mapping, key)

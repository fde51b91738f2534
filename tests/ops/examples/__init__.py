"""The examples, family by family, as in archspec/ops: each op's accepted and refused ones."""

from __future__ import annotations

from tests.ops.cases import Example, Refused
from tests.ops.examples import (
    activation,
    convolution,
    linear,
    merge,
    normalization,
    pooling,
    reduction,
    regularization,
    resize,
    shape,
    tensor,
)

_FAMILIES = (
    convolution,
    pooling,
    normalization,
    linear,
    activation,
    regularization,
    shape,
    merge,
    reduction,
    resize,
    tensor,
)
EXAMPLES: list[Example] = [example for family in _FAMILIES for example in family.EXAMPLES]
REFUSED: list[Refused] = [example for family in _FAMILIES for example in family.REFUSED]

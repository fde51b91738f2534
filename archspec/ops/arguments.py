"""Types of op arguments that are more than one number: sizes per axis, lists of axes, shapes.

torch takes most of them as one number or as a list. A `Slot` does all the checking of such an argument
itself, so that a mistake is one error at the argument, which states the rule and the value. The words
that an argument knows stand in its annotation as a `Literal`, which is where the language looks for them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from archspec.dims import Dim, Symbolic
from archspec.types import LABELS, in_spec


class Slot(ABC):
    """The rule of an argument, as `Annotated` metadata: checks and normalises in pydantic's place."""

    @abstractmethod
    def __call__(self, value: Any) -> Any:
        """The value in normal form. Raises ValueError with the rule."""

    @abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """The rule for editors."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.json_schema()


@dataclass(frozen=True)
class Item:
    """One entry of a list."""

    what: str
    schema: dict[str, Any]
    fits: Callable[[Any], bool]
    lone_schema: dict[str, Any] | None = None  # where it differs


@dataclass(frozen=True)
class Listed(Slot):
    """A list of `count` items, or of any number of them but none. A lone item is allowed: it stands for
    `count` equal ones, and for itself where there is no count. `others` are words, or None."""

    item: Item
    count: int | None = None
    lone: bool = True
    empty: bool = False
    others: tuple[str | None, ...] = ()

    def __call__(self, value: Any) -> Any:
        if self.lone and value is not None and self.item.fits(value):
            return value if self.count is None else (value,) * self.count
        if isinstance(value, (list, tuple)):
            long_enough = len(value) == self.count if self.count else value or self.empty
            if long_enough and all(map(self.item.fits, value)):
                return tuple(value)
        elif value in self.others:
            return value
        raise ValueError(f"has to be {self._rule()}; it is {in_spec(value)}")

    def _rule(self) -> str:
        lists = f"a list of {self.count} such" if self.count else "a list of such"
        words = [self.item.what, lists] if self.lone else [lists.replace("such", f"items, each {self.item.what}")]
        return " or ".join([*words, *("null" if other is None else other for other in self.others)])

    def json_schema(self) -> dict[str, Any]:
        lists: dict[str, Any] = {"type": "array", "items": self.item.schema}
        if self.count:
            lists |= {"minItems": self.count, "maxItems": self.count}
        elif not self.empty:
            lists["minItems"] = 1
        items = [self.item.lone_schema or self.item.schema, lists] if self.lone else [lists]
        return {"anyOf": [*items, *({"const": word} for word in self.others)]}


@dataclass(frozen=True)
class Lone(Slot):
    """A number that is the only entry of its list, and that torch doesn't take as one."""

    item: Item

    def __call__(self, value: Any) -> Any:
        lone = value[0] if isinstance(value, tuple) and len(value) == 1 else value  # its normal form
        if not self.item.fits(lone):
            raise ValueError(f"has to be {self.item.what}; it is {in_spec(value)}")
        return (lone,)

    def json_schema(self) -> dict[str, Any]:
        return self.item.schema


def is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    return is_int(value) or (isinstance(value, float) and isfinite(value))


INTEGER = Item("an integer", {"type": "integer"}, is_int)
NATURAL = Item("an integer >= 0", {"type": "integer", "minimum": 0}, lambda value: is_int(value) and value >= 0)
POSITIVE = Item("an integer >= 1", {"type": "integer", "minimum": 1}, lambda value: is_int(value) and value >= 1)
OPTIONAL = Item(
    "an integer >= 0 (or null, in a list)",
    {"anyOf": [NATURAL.schema, {"type": "null"}]},
    lambda value: value is None or NATURAL.fits(value),
    NATURAL.schema,
)
NUMBER = Item("a number", {"type": "number"}, is_number)
SCALE = Item("a number > 0", {"type": "number", "exclusiveMinimum": 0}, lambda value: is_number(value) and value > 0)
SIZE_OR_REST = Item(
    "an integer >= 0 or -1", {"type": "integer", "minimum": -1}, lambda value: is_int(value) and value >= -1
)
SIZE = Item(
    "a size or -1",
    {"anyOf": [SIZE_OR_REST.schema, {"type": "string"}]},
    lambda value: isinstance(value, Symbolic) or SIZE_OR_REST.fits(value),
)
DIM = Item(
    "a size",
    {"anyOf": [NATURAL.schema, {"type": "string"}]},
    lambda value: isinstance(value, Symbolic) or NATURAL.fits(value),
)
LABEL = Item(
    f"one of {', '.join(LABELS)} or null", {"enum": [*LABELS, None]}, lambda value: value is None or value in LABELS
)

# Sizes per axis, for one, two and three axes: of kernels, strides and dilations; of paddings, which
# convolutions may give as a word; of adaptive pools, where null keeps the size of the input.
Positive1 = Annotated[tuple[int], Listed(POSITIVE, 1)]
Positive2 = Annotated[tuple[int, int], Listed(POSITIVE, 2)]
Positive3 = Annotated[tuple[int, int, int], Listed(POSITIVE, 3)]
Lone1 = Annotated[tuple[int], Lone(POSITIVE)]
Natural1 = Annotated[tuple[int], Listed(NATURAL, 1)]
Natural2 = Annotated[tuple[int, int], Listed(NATURAL, 2)]
Natural3 = Annotated[tuple[int, int, int], Listed(NATURAL, 3)]
PaddingWord = Literal["same", "valid"]
Padding1 = Annotated[tuple[int] | PaddingWord, Listed(NATURAL, 1, others=("same", "valid"))]
Padding2 = Annotated[tuple[int, int] | PaddingWord, Listed(NATURAL, 2, others=("same", "valid"))]
Padding3 = Annotated[tuple[int, int, int] | PaddingWord, Listed(NATURAL, 3, others=("same", "valid"))]
Stride1 = Annotated[tuple[int] | None, Listed(POSITIVE, 1, others=(None,))]
Stride2 = Annotated[tuple[int, int] | None, Listed(POSITIVE, 2, others=(None,))]
Stride3 = Annotated[tuple[int, int, int] | None, Listed(POSITIVE, 3, others=(None,))]
OptionalNatural1 = Annotated[tuple[int] | None, Listed(NATURAL, 1, others=(None,))]
Adaptive2 = Annotated[tuple[int | None, int | None], Listed(OPTIONAL, 2)]
Adaptive3 = Annotated[tuple[int | None, int | None, int | None], Listed(OPTIONAL, 3)]

# How much goes before and after each axis, the last axis first.
Sides1 = Annotated[tuple[int, int], Listed(INTEGER, 2)]
Sides2 = Annotated[tuple[int, int, int, int], Listed(INTEGER, 4)]
Sides3 = Annotated[tuple[int, int, int, int, int, int], Listed(INTEGER, 6)]

# Lists whose length is their own.
Dims = Annotated[tuple[int, ...], Listed(INTEGER, lone=False)]
DimOrDims = Annotated[int | tuple[int, ...], Listed(INTEGER)]
OptionalDims = Annotated[int | tuple[int, ...] | None, Listed(INTEGER, others=(None,))]
Sections = Annotated[int | tuple[int, ...], Listed(NATURAL)]
OptionalSections = Annotated[int | tuple[int, ...] | None, Listed(NATURAL, others=(None,))]
OptionalSizes = Annotated[int | tuple[int, ...] | None, Listed(NATURAL, others=(None,))]
OptionalTargets = Annotated[Dim | tuple[Dim, ...] | None, Listed(DIM, others=(None,))]
OptionalScales = Annotated[float | tuple[float, ...] | None, Listed(SCALE, others=(None,))]
WeightShape = Annotated[tuple[int, ...], Listed(NATURAL, lone=False, empty=True)]
Numbers = Annotated[tuple[float, ...], Listed(NUMBER, lone=False)]
UnflattenedSize = Annotated[tuple[int, ...], Listed(SIZE_OR_REST, lone=False)]
Shape = Annotated[tuple[Dim, ...], Listed(SIZE, lone=False)]
OptionalLabels = Annotated[
    tuple[Literal["N", "C", "D", "H", "W", "L"] | None, ...] | None, Listed(LABEL, lone=False, others=(None,))
]

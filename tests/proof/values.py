"""Values of arguments, drawn from the JSON Schema of their field, and values that no field of an op means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.ops.cases import op_class
from tests.proof.source import Source

Schema = Mapping[str, Any]

WILD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 5, 7, -2, -7, 13),
    *(0.0, 1.0, 2.0, 0.5, 1.5, -0.5, -1.0),
    *("", "2", "same", "zeros", "nearest", "nonsense"),
    *([], [1], [2], [0], [-1], [1, 1], [2, 1], [0, 0], [1, -1], [1, 1, 1], [2, 2, 2], [1, 2, 0], [1, 1, 1, 1]),
    *([None], [True], [2.0], [1.5, 1], ["a"], [1, None], [[1]], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]),
    *({}, {"a": 1}),
)
"""What people write by mistake: wrong types, wrong lengths, and numbers outside of most bounds."""


@cache
def fields(name: str) -> dict[str, Schema]:
    """The schemas of an op's arguments."""
    found = op_class(name).model_json_schema()
    assert "$defs" not in found, name
    return dict(found.get("properties", {}))


@cache
def required(name: str) -> frozenset[str]:
    return frozenset(op_class(name).model_json_schema().get("required", ()))


def fitting(source: Source, schema: Schema) -> Any:
    """A value that the schema allows; numbers are near their lower bound."""
    if "anyOf" in schema:
        return fitting(source, source.choice(schema["anyOf"]))
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return source.choice(schema["enum"])
    match schema["type"]:
        case "integer":
            low = schema.get("minimum", schema.get("exclusiveMinimum", -3) + 1)
            return source.integer(low, schema.get("maximum", low + (3 if low >= 0 else 5)))
        case "number":
            return source.choice([number for number in NUMBERS if _allowed(number, schema)])
        case "boolean":
            return source.chance(2)
        case "null":
            return None
        case "string":
            return source.choice(("", "word"))
        case "array":
            return _items(source, schema)
        case "object":
            return _entries(source, schema)
    raise NotImplementedError(schema)


NUMBERS = (1.0, 0.5, 0, 2, 0.25, 1e-3, 3.5, 1.3, -0.5, -2.0, 1.1)


def _allowed(number: float, schema: Schema) -> bool:
    return (
        schema.get("minimum", number) <= number <= schema.get("maximum", number)
        and schema.get("exclusiveMinimum", number - 1) < number < schema.get("exclusiveMaximum", number + 1)
    )  # fmt: skip


def _items(source: Source, schema: Schema) -> list[Any]:
    least = schema.get("minItems", 0)
    count = source.integer(least, schema.get("maxItems", least + 2))
    return [fitting(source, schema["items"]) for _ in range(count)]


def _entries(source: Source, schema: Schema) -> dict[str, Any]:
    known = sorted(schema["properties"])
    count = source.integer(schema.get("minProperties", 0), schema.get("maxProperties", min(2, len(known))))
    chosen = {source.choice(known) for _ in range(count)} if known else set()
    return {name: fitting(source, schema["properties"][name]) for name in sorted(chosen)}

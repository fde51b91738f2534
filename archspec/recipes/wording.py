"""What a key of a recipe may hold, in words: from the JSON Schema of the models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias

from archspec.recipes.recipe import Recipe

Schema: TypeAlias = dict[str, Any]


@cache
def of_recipes() -> Schema:
    """The JSON Schema of a recipe, as pydantic has it."""
    return Recipe.model_json_schema()


def at(loc: Sequence[str | int]) -> Schema:
    """The schema of what stands at a place of a recipe."""
    found: Schema = of_recipes()
    for part in loc:
        inner = (_inside(form, part) for form in _forms(found))
        found = next((each for each in inner if each is not None), {})
    return found


def keys_of(schema: Schema) -> list[str]:
    """The keys that a mapping of this schema may have; none, where it may have any."""
    return [key for form in _forms(schema) for key in form.get("properties", ())]


def words_of(schema: Schema) -> list[str]:
    """The words that stand for themselves in this schema."""
    return [word for form in _forms(schema) for word in form.get("enum", ())]


def is_list(schema: Schema) -> bool:
    """Whether a list may stand there."""
    return any(form.get("type") == "array" for form in _forms(schema))


def is_number(schema: Schema) -> bool:
    """Whether a number may stand there."""
    return any(form.get("type") in ("integer", "number") for form in _forms(schema))


def wanted(schema: Schema) -> str:
    """What has to stand there: `a number above 0`, `one of SGD and Adam, or a mapping`."""
    return ", or ".join(dict.fromkeys(_form(form) for form in _forms(schema) if form.get("type") != "null"))


def parts_with(key: str) -> list[str]:
    """The sections of a recipe that have a key of this name."""
    return [part for part in keys_of(of_recipes()) if part != "stages" and key in keys_of(at((part,)))]


def _forms(schema: Schema) -> Iterator[Schema]:
    """The kinds of value that a schema allows, each by itself."""
    if "$ref" in schema:
        yield from _forms(of_recipes()["$defs"][schema["$ref"].rpartition("/")[2]])
    elif several := schema.get("anyOf") or schema.get("oneOf"):
        for each in several:
            yield from _forms(each)
    else:
        yield schema


def _inside(form: Schema, part: str | int) -> Schema | None:
    if isinstance(part, str):
        found = form.get("properties", {}).get(part, form.get("additionalProperties"))
    else:
        found = form.get("items", next(iter(form.get("prefixItems", ())), None))
    return found if isinstance(found, dict) else None


def _form(form: Schema) -> str:
    if "enum" in form:
        *others, last = (f"`{word}`" for word in form["enum"])
        return f"{', '.join(others)} or {last}"
    kind = form.get("type")
    if kind == "array" and "prefixItems" in form:
        return f"a list of {len(form['prefixItems'])} numbers"
    if kind == "array":
        words = all(item.get("type") == "string" for item in _forms(form["items"]))
        return f"a list of {'words' if words else 'items'}"
    if kind in ("integer", "number"):
        return f"a {'whole ' if kind == 'integer' else ''}number{_range(form)}"
    if "pattern" in form:
        return "text on one line"
    return {"string": "text", "boolean": "`true` or `false`", "object": "a mapping"}.get(str(kind), "a value")


def _range(form: Schema) -> str:
    least, most = form.get("minimum"), form.get("maximum")
    above, below = form.get("exclusiveMinimum"), form.get("exclusiveMaximum")
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if above is not None and below is not None:
        return f" between {above} and {below}"
    bounds = [("of at least", least), ("above", above), ("of at most", most), ("below", below)]
    told = " and ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)
    return f" {told}" if told else ""

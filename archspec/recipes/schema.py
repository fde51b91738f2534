"""The JSON Schema of recipes, for editors: from their model."""

from __future__ import annotations

from typing import Any

from archspec.recipes.wording import of_recipes


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of a recipe."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_told(of_recipes()),
        "title": "archspec recipe",
        "anyOf": [{"required": ["epochs"]}, {"required": ["stages"]}],
    }


def _told(part: Any) -> Any:
    """A schema without what editors have no use for: titles that pydantic makes of keys."""
    if isinstance(part, list):
        return [_told(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {key: _told(value) for key, value in part.items() if key != "title" or isinstance(value, dict)}

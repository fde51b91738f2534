"""Which of its two languages a file is written in: a spec has `archspec: 1` among its keys, a recipe `recipe: 1`."""

from __future__ import annotations

import re

from archspec.syntax.tree import Mapping

_KEY = r"""^(?:\{{\s*)?["']?{}["']?\s*:"""
_RECIPE, _SPEC, _MODEL, _DATA = (
    re.compile(_KEY.format(key), re.MULTILINE) for key in ("recipe", "archspec", "model", "data")
)


def is_recipe(root: Mapping) -> bool:
    """Whether a file's tree is that of a recipe."""
    return "recipe" in root and "archspec" not in root


def is_spec(root: Mapping) -> bool:
    """Whether a file's tree is that of a spec."""
    return "archspec" in root and "recipe" not in root


def looks_like_recipe(text: str) -> bool:
    """Whether a text is a recipe, as far as that is seen without parsing it; one that lacks its version is told by its
    two other sections."""
    if _SPEC.search(text) is not None:
        return False
    return _RECIPE.search(text) is not None or all(key.search(text) is not None for key in (_MODEL, _DATA))

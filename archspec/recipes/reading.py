"""A recipe's YAML, or a TARGET and options alone -> a recipe, or diagnostics at what is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from archspec.diagnostics import Diagnostics, near, whole_file
from archspec.recipes.checking import check_recipe
from archspec.recipes.contradictions import report_contradictions
from archspec.recipes.fitting import fitted
from archspec.recipes.network import network_of
from archspec.recipes.overriding import override
from archspec.recipes.recipe import VERSION, Recipe
from archspec.recipes.shorthand import lengthen_all
from archspec.recipes.written import Written
from archspec.source import SourceFile
from archspec.syntax.languages import is_spec
from archspec.syntax.library import Library, recipe_called, recipe_names
from archspec.syntax.reader import read
from archspec.syntax.tree import Mapping as MappingNode
from archspec.syntax.tree import kind
from archspec.zoo.targets import is_file_name, is_path


def read_recipe(
    name: str | os.PathLike[str], diagnostics: Diagnostics, overrides: Mapping[str, object] | None = None
) -> Written | None:
    """The recipe in a file, or a shipped one by its name; None, and diagnostics, where it has mistakes.

    `overrides` are what the command line changes: plain values, or nodes that have a place of their own, by the dotted
    paths of keys (`epochs`, `optimizer.lr`, `model.args.width`). Relative paths in them are from the working directory;
    those in a file are from its folder, and those of a shipped recipe from the working directory too.

    A recipe without mistakes of its own may still not go with its network: `network_of` and `check_recipe` tell that.
    """
    return _without_mistakes(read_as_far(os.fspath(name), Library(diagnostics, Path.cwd()), overrides), diagnostics)


def recipe_of(target: str, knobs: Mapping[str, object], diagnostics: Diagnostics) -> Written | None:
    """The recipe that a TARGET and options make, which are given as `overrides` of `read_recipe` are; None, and
    diagnostics, where they have mistakes."""
    file = SourceFile("the command line", "")
    root = MappingNode({}, file.span(0, 0))
    override(root, {"recipe": VERSION, "model.target": target, **knobs})
    return _without_mistakes(_written(root, file, Path.cwd(), diagnostics), diagnostics)


def read_as_far(name: str, library: Library, overrides: Mapping[str, object] | None = None) -> Written | None:
    """As `read_recipe`, but with what is wrong left out of the recipe where the rest makes sense without it: so that
    all else can be checked too."""
    diagnostics = library.diagnostics
    file = _file(name, library)
    root = None if file is None else read(file, diagnostics, max_bytes=library.max_bytes)
    if file is None or root is None:
        return None
    if not isinstance(root, MappingNode):
        diagnostics.add("A203", f"a recipe is a mapping, and this file holds {kind(root)}", root.span)
        return None
    if is_spec(root):
        place = root.entries["archspec"][0].span
        helps = [f"a recipe names it, `model: {name}`; `archspec train {name} --data ...` needs none"]
        diagnostics.add("A701", "this is a spec, and a recipe belongs here", place, helps=helps)
        return None
    override(root, overrides or {})
    folder = Path(os.path.abspath(name)).parent if is_path(name) else Path.cwd()
    return _written(root, file, folder, diagnostics)


def _written(root: MappingNode, file: SourceFile, folder: Path, diagnostics: Diagnostics) -> Written | None:
    found = fitted(root, diagnostics)
    if found is None:
        return None
    lengthen_all(root)
    recipe, wrong = found
    written = Written(_anchored(recipe, folder), file, folder, root, wrong)
    report_contradictions(written, diagnostics)
    return written


def _without_mistakes(written: Written | None, diagnostics: Diagnostics) -> Written | None:
    """A recipe that has no mistakes. Where it has some, those that its network shows are told as well."""
    if not diagnostics.has_errors:
        return written
    architecture = None if written is None else network_of(written, diagnostics)
    if written is not None and architecture is not None:
        check_recipe(written, architecture, diagnostics)
    return None


def _file(name: str, library: Library) -> SourceFile | None:
    path = Path(name) if is_path(name) else recipe_called(name)
    if path is None:
        names = recipe_names()
        helps = near(name, names, f"archspec brings {', '.join(names)}; a path has a `/` or ends in `.yaml`")
        library.diagnostics.add("A003", f"there is no recipe `{name}`", whole_file(name), helps=helps)
        return None
    text = library.text(path, str(path))
    return None if text is None else SourceFile(str(path), text)


def _anchored(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with absolute paths."""

    def anchor(path: str) -> str:
        return os.path.normpath(folder / path)

    model, data = recipe.model, recipe.data
    if is_path(model.target):
        model = model.model_copy(update={"target": anchor(model.target)})
    if model.weights is not None and is_file_name(model.weights):
        model = model.model_copy(update={"weights": anchor(model.weights)})
    if model.zoo is not None and is_path(model.zoo):
        model = model.model_copy(update={"zoo": anchor(model.zoo)})
    if data.counts("folder"):
        data = data.model_copy(update={"folder": anchor(data.folder)})
    if data.image_folder is not None:
        data = data.model_copy(update={"image_folder": anchor(data.image_folder)})
    return recipe.model_copy(update={"model": model, "data": data})

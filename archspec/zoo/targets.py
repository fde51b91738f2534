"""What a TARGET is: a path (it has a `/` or ends in `.yaml`), else a zoo name, else a spec's name in `specs/`, else a
folder, else a name in an installed collection. A folder is what `archspec.save` has written: a spec, and weights
beside it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from archspec.diagnostics import Diagnostics, in_words, near, whole_file
from archspec.source import SourceFile
from archspec.syntax.contents import is_pipe
from archspec.syntax.document import Spec
from archspec.syntax.library import Library, recipe_called, recipe_names
from archspec.syntax.reader import MAX_BYTES
from archspec.zoo.collections import Collection, collection_called, installed, own
from archspec.zoo.models import Arguments, ZooError, ZooModel

SAVED_SPEC, SAVED_WEIGHTS = "model.yaml", "model.safetensors"
_LARGEST_SAVED = 64 * MAX_BYTES
_OF_WEIGHTS = (".safetensors", ".pt", ".pth", ".bin")


@dataclass(frozen=True, slots=True)
class Target:
    """What a TARGET turned out to be; `spec` is None where it cannot be read, which the diagnostics tell."""

    name: str
    path: str
    library: Library
    spec: Spec | None = None
    model: ZooModel | None = None
    arguments: Arguments = field(default_factory=dict)
    weights: Path | None = None  # that were saved beside the spec


def find_target(
    name: str,
    diagnostics: Diagnostics,
    *,
    zoo: str | None = None,
    max_bytes: int = MAX_BYTES,
    unsaved: Mapping[Path, str] | None = None,
) -> Target:
    """What a TARGET means, read; what cannot be found or read goes to `diagnostics`. `unsaved`: see Library.

    A name is looked up in the collection `zoo` first (its folder, or the name of an installed one), then among
    archspec's own, then in installed collections.
    """
    if is_path(name):
        path = Path(name)
        if os.path.isfile(path / SAVED_SPEC):
            return _saved(path, diagnostics, max_bytes, unsaved)
        folder = Path.cwd() if is_pipe(path) else path.parent  # a pipe stands nowhere
        library = Library(diagnostics, folder, max_bytes, unsaved or {})
        spec = library.read(path, name)
        return Target(spec.name if spec else path.stem, name, library, spec)
    read = partial(_named, name, diagnostics, max_bytes, unsaved)
    try:
        given = [collection_called(zoo)] if zoo is not None else []
        for collection in (*given, own()):
            if (target := read(collection)) is not None:
                return target
        if os.path.isfile(Path(name, SAVED_SPEC)):
            return _saved(Path(name), diagnostics, max_bytes, unsaved)
        others = installed()  # looked for last: names of archspec's own cost nothing more
        having = [collection for collection in others if collection.model_named(name) or collection.has_spec(name)]
        if len(having) > 1:
            which = " and ".join(f"`{collection.name}`" for collection in having)
            raise ZooError(f"`{name}` is in the collections {which}: `--zoo {having[0].name}` says which")
        if having and (target := read(having[0])) is not None:
            return target
        if recipe_called(name) is not None:
            message = f"`{name}` is a recipe, and a model or a spec belongs here"
            ways = [f"`archspec train {name}` and `archspec check {name}` read it"]
            diagnostics.add("A701", message, whole_file(name), helps=ways)
            return Target(name, name, Library(diagnostics, own().specs, max_bytes, unsaved or {}))
        known = [each for collection in (*given, own(), *others) for each in collection.names()]
        otherwise = "`archspec zoo list` lists the names; a path has a `/` or ends in `.yaml`"
        helps = near(name, known) or in_words(near(name, recipe_names(), otherwise))  # no fix: it is no network
        diagnostics.add("A003", f"there is no model or spec `{name}`", whole_file(name), helps=helps)
    except ZooError as error:
        diagnostics.add("A003", str(error), whole_file(name))
    return Target(name, name, Library(diagnostics, own().specs, max_bytes, unsaved or {}))


def is_path(name: str) -> bool:
    """Whether a TARGET can only be a path."""
    return "/" in name or "\\" in name or name.endswith((".yaml", ".yml"))


def is_file_name(weights: str) -> bool:
    """Whether what weights are called can only be a file's name."""
    return "/" in weights or "\\" in weights or weights.endswith(_OF_WEIGHTS)


def _named(
    name: str,
    diagnostics: Diagnostics,
    max_bytes: int,
    unsaved: Mapping[Path, str] | None,
    collection: Collection,
) -> Target | None:
    """What a name is in a collection: a model, else a spec; None: nothing. Raises ZooError."""
    model = collection.model_named(name)
    if model is None and not collection.has_spec(name):
        return None
    library = Library(diagnostics, collection.specs, max_bytes, unsaved or {})
    found = library.find(model.spec if model else name)
    if found is None:
        assert model is not None
        raise ZooError(f"the model `{name}` is one of the spec `{model.spec}`, which is not in {collection.specs}")
    return Target(name, found[1], library, library.read(*found), model, model.args if model else {})


def _saved(
    folder: Path, diagnostics: Diagnostics, max_bytes: int, unsaved: Mapping[Path, str] | None
) -> Target:
    """A network that was saved: its flat spec may be larger than what people write."""
    path = folder / SAVED_SPEC
    library = Library(diagnostics, folder, max(max_bytes, _LARGEST_SAVED), unsaved or {})
    spec = library.read(path, str(path))
    weights = folder / SAVED_WEIGHTS
    return Target(
        spec.name if spec else folder.name, str(path), library, spec, weights=weights if weights.is_file() else None
    )


def text_target(text: str, diagnostics: Diagnostics, *, max_bytes: int = MAX_BYTES) -> Target:
    """A spec given as text."""
    library = Library(diagnostics, Path.cwd(), max_bytes)
    spec = library.parse(SourceFile("<text>", text))
    return Target(spec.name if spec else "<text>", "<text>", library, spec)

"""A recipe through all stages: read, its network compiled, and both held against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from archspec.architecture import Architecture
from archspec.compilation import Compilation
from archspec.diagnostics import Diagnostics, comparisons_bounded
from archspec.elaborate import MAX_LAYERS
from archspec.recipes.checking import check_recipe
from archspec.recipes.network import network_of
from archspec.recipes.reading import read_as_far
from archspec.recipes.written import Written
from archspec.syntax.library import Library
from archspec.syntax.reader import MAX_BYTES
from archspec.zoo import Target


def compile_recipe(
    name: str,
    overrides: Mapping[str, object] | None = None,
    *,
    unsaved: Mapping[Path, str] | None = None,
    max_bytes: int = MAX_BYTES,
    max_layers: int = MAX_LAYERS,
    more: Callable[[Written, Architecture, Diagnostics], None] | None = None,
) -> Compilation:
    """Everything that is to be said of a recipe and of the network that it asks for, and that network if it has no
    errors. `more`: what else to look at where there are none. Raises PluginError, and WeightsError for a name that
    torchvision has no weights of."""
    diagnostics = Diagnostics()
    library = Library(diagnostics, Path.cwd(), max_bytes, unsaved or {})
    with comparisons_bounded():
        written = read_as_far(name, library, overrides)
        architecture = None
        if written is not None:
            architecture = network_of(written, diagnostics, unsaved, max_bytes, max_layers)
        if written is not None and architecture is not None:
            check_recipe(written, architecture, diagnostics)
    if written is None or architecture is None or diagnostics.has_errors:
        return Compilation(Target(name, name, library), diagnostics, None)
    if more is not None:
        more(written, architecture, diagnostics)
    return Compilation(architecture.compilation.target, diagnostics, architecture.graph)

"""The zoo: published networks by name, each a spec with args, weights and the facts it is held against.

And what a TARGET is: a path (it has a `/` or ends in `.yaml`), else a zoo name, else a spec's name in `specs/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archspec.diagnostics import Diagnostics, near, whole_file
from archspec.source import SourceFile
from archspec.syntax.contents import is_pipe
from archspec.syntax.document import Spec
from archspec.syntax.library import Library, packaged
from archspec.syntax.reader import MAX_BYTES, read
from archspec.syntax.skeleton import Section, Skeleton, Text
from archspec.syntax.tree import Mapping as MappingNode
from archspec.syntax.tree import Node, Plain, Scalar

Arguments = Mapping[str, tuple[Scalar, Node]]


class ZooModelSkeleton(Skeleton):
    """One published network."""

    spec: Text
    args: Section | None = None
    weights: Text | None = None
    expect: Section | None = None


@dataclass(frozen=True, slots=True)
class ZooModel:
    """A published network: which spec, which args, which weights, and its published facts."""

    name: str
    family: str
    spec: str
    args: Arguments
    weights: str
    expect: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class Target:
    """What a TARGET turned out to be; `spec` is None where it cannot be read, which the diagnostics tell."""

    name: str
    path: str
    library: Library
    spec: Spec | None = None
    model: ZooModel | None = None
    arguments: Arguments = field(default_factory=dict)


def models() -> Iterator[ZooModel]:
    """All networks of the zoo, family by family. Raises ValueError for a zoo file that is not well formed."""
    for path in sorted(packaged("zoo").glob("*.yaml")):
        yield from _read(path)


def model_named(name: str) -> ZooModel | None:
    """One network of the zoo; only the file that mentions it is parsed."""
    mention = re.compile(rf"^ +{re.escape(name)}:", re.MULTILINE)
    for path in sorted(packaged("zoo").glob("*.yaml")):
        if mention.search(path.read_text(encoding="utf-8")):
            return next((model for model in _read(path) if model.name == name), None)
    return None


def _read(path: Path) -> Iterator[ZooModel]:
    diagnostics = Diagnostics()
    tree = read(SourceFile(str(path), path.read_text(encoding="utf-8")), diagnostics)
    section = tree.get("models") if isinstance(tree, MappingNode) else None
    for key, node in section if isinstance(section, MappingNode) else ():
        entry = ZooModelSkeleton.read(node, diagnostics, "a zoo model") if isinstance(node, MappingNode) else None
        if entry is not None:
            expect = {fact.text: value.value for fact, value in entry.expect or () if isinstance(value, Scalar)}
            args = dict(entry.args.entries) if entry.args else {}
            weights = entry.weights.text if entry.weights else ""
            yield ZooModel(key.text, path.stem, entry.spec.text, args, weights, expect)
    if len(diagnostics) or section is None:
        problem = next((f"{item.span.line}: {item.message}" for item in diagnostics), "it has no `models`")
        raise ValueError(f"{path}: {problem}")


def find_target(
    name: str, diagnostics: Diagnostics, *, max_bytes: int = MAX_BYTES, unsaved: Mapping[Path, str] | None = None
) -> Target:
    """What a TARGET means, read; what cannot be found or read goes to `diagnostics`. `unsaved`: see Library."""
    if "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
        path = Path(name)
        folder = Path.cwd() if is_pipe(path) else path.parent  # a pipe stands nowhere
        library = Library(diagnostics, folder, max_bytes, unsaved or {})
        spec = library.read(path, name)
        return Target(spec.name if spec else path.stem, name, library, spec)
    root = packaged("specs")
    library = Library(diagnostics, root, max_bytes, unsaved or {})
    model = model_named(name)
    found = library.find(model.spec if model else name)
    if found is None:
        known = [*(each.name for each in models()), *spec_names()]
        helps = near(name, known, "`archspec zoo list` lists the names; a path has a `/` or ends in `.yaml`")
        diagnostics.add("A003", f"there is no model or spec `{name}`", whole_file(name), helps=helps)
        return Target(name, name, library)
    return Target(name, found[1], library, library.read(*found), model, model.args if model else {})


def text_target(text: str, diagnostics: Diagnostics, *, max_bytes: int = MAX_BYTES) -> Target:
    """A spec given as text."""
    library = Library(diagnostics, Path.cwd(), max_bytes)
    spec = library.parse(SourceFile("<text>", text))
    return Target(spec.name if spec else "<text>", "<text>", library, spec)


def spec_names() -> list[str]:
    """The names of the packaged specs."""
    return sorted(path.stem for path in packaged("specs").glob("*.yaml"))

"""What mutants are made of: the packaged specs, the models of the zoo, the specs of the golden diagnostics and the
examples of docs/language.md, each in a folder with the files that it names."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from archspec import zoo
from tests.proof.source import Source

ROOT = Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "golden" / "diagnostics"
PAGE = ROOT / "docs" / "language.md"


class Base(NamedTuple):
    """A spec to break: the folder it stands in, the file that is checked, the file that is mutated (the same, or
    one that it names), and settings of the command."""

    folder: str
    target: str
    mutated: str
    settings: tuple[str, ...] = ()


class Corpus:
    """All bases of one kind, drawn the more often the shorter they are: a long one costs more."""

    def __init__(self, bases: list[Base]) -> None:
        self.bases = bases
        weights = [(200 + len(text_of(base))) ** -1.5 for base in bases]
        self._at = list(accumulate(weights))

    def draw(self, source: Source) -> Base:
        at = source.integer(0, 10**6) / 10**6 * self._at[-1]
        return self.bases[min(bisect(self._at, at), len(self.bases) - 1)]


def drawn(source: Source) -> Base:
    """Some base: the packaged specs most of all."""
    kinds = corpora()
    return kinds[source.choice(("specs",) * 8 + ("models", "goldens", "examples", "examples", "parts"))].draw(source)


@cache
def corpora() -> dict[str, Corpus]:
    specs = [Base("specs", name, name) for name in _named("specs")]
    models = [
        Base("specs", f"{model.spec}.yaml", f"{model.spec}.yaml", tuple(_settings(model))) for model in zoo.models()
    ]
    goldens = [Base("goldens", name, name) for name in _named("goldens") if "/" not in name]
    examples = [Base("examples", name, name) for name in _named("examples")]
    return {
        "specs": Corpus(specs),
        "models": Corpus(models),
        "goldens": Corpus(goldens),
        "examples": Corpus(examples),
        "parts": Corpus(list(_parts(specs))),
    }


def _settings(model: zoo.ZooModel) -> Iterator[str]:
    for name, (_, node) in model.args.items():
        yield from ("--set", f"{name}={node.span.text}")


def _parts(specs: list[Base]) -> Iterator[Base]:
    """Specs with a file that they import: the mutant is the part."""
    for base in specs:
        for name in re.findall(r"blocks/\w+\.yaml", text_of(base)):
            yield base._replace(mutated=name)


@cache
def files() -> dict[str, dict[str, str]]:
    """The text of every file, by folder and name."""
    return {"specs": _below(ROOT / "specs"), "goldens": _below(GOLDENS), "examples": dict(_examples())}


def _below(folder: Path) -> dict[str, str]:
    """All but recipes, which another part of the front reads."""
    names = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.yaml"))}
    return {name: _read(path) for name, path in names.items() if not name.startswith("recipe")}


def _named(folder: str) -> list[str]:
    return list(files()[folder])


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="surrogateescape")


def text_of(base: Base) -> str:
    """The text of the file that is mutated."""
    return files()[base.folder][base.mutated]


def _examples() -> Iterator[tuple[str, str]]:
    """The examples of the page, whole, and the files that they use."""
    page = _read(PAGE)
    fences = [(match[1].strip(), match[2]) for match in re.finditer(r"^```(\w[^\n]*)\n(.*?)^```$", page, re.M | re.S)]
    header = next(text for info, text in fences if info == "yaml header")
    for number, (info, text) in enumerate(fences):
        if info.startswith("yaml file "):
            yield info.removeprefix("yaml file "), text
        elif re.fullmatch(r"yaml( A\d+)*", info):
            yield f"example_{number}.yaml", text if text.startswith("archspec:") else header + text


def lay_out(folder: Path) -> None:
    """Write all files into a folder, where mutants take the place of theirs."""
    for name, contents in files().items():
        for path, text in contents.items():
            place = folder / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode("utf-8", errors="surrogateescape"))


@cache
def words() -> list[str]:
    """Names and numbers that specs use."""
    texts = "\n".join(text for contents in files().values() for text in contents.values())
    return sorted(set(re.findall(r"[\w.]+", texts)))

"""Tables of renames: what a checkpoint's keys are called in the network.

A table maps a key, or a regular expression that matches all of it, to its name in the network (with `\\1` for what a
group has matched), or to null, which drops the tensor. A key that stands in the table literally comes before every
expression, and expressions count in their order. Only keys that the network does not have are renamed, save those that
a table names literally.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from archspec.diagnostics import Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import MAX_BYTES, read
from archspec.syntax.tree import Mapping as MappingNode
from archspec.syntax.tree import Scalar
from archspec.weights import WeightsError

Table: TypeAlias = Mapping[str, str | None]
_LARGEST = 16 * MAX_BYTES  # a table may name every tensor of a large network


@dataclass(frozen=True, slots=True)
class Renamed:
    """A key's name in the network, None where it is dropped, and the entries of the tables that say so."""

    name: str | None
    by: tuple[str, ...] = ()


def read_table(source: str | os.PathLike[str] | Table) -> Table:
    """A table, also from a YAML file. Raises WeightsError for what is none."""
    table: Mapping[Any, Any] = source if isinstance(source, Mapping) else _from_file(Path(source))
    for old, new in table.items():
        if not (isinstance(old, str) and isinstance(new, str | None)):
            raise WeightsError(f"a table of renames maps names to names or to null, not `{old}` to `{new}`")
    return table


def rename(keys: Iterable[str], wanted: Set[str], tables: Iterable[Table]) -> dict[str, Renamed]:
    """What keys of a checkpoint are called in a network that has the `wanted` ones: each table goes on from what the
    one before has made of a key. Raises WeightsError for an expression that is none, and where two keys get one name.
    """
    compiled = [_Compiled(table) for table in tables if table]
    found = {key: _renamed(key, wanted, compiled) for key in keys}
    sources: dict[str, str] = {}
    for key, renamed in found.items():
        if renamed.name is None or renamed.name not in wanted:
            continue
        other = sources.setdefault(renamed.name, key)
        if other != key:
            raise WeightsError(f"`{other}` and `{key}` of the weights would both be `{renamed.name}` of the network")
    return found


def _renamed(key: str, wanted: Set[str], tables: Iterable[_Compiled]) -> Renamed:
    name = key
    by: tuple[str, ...] = ()
    for table in tables:
        entry = table.entry(name, name not in wanted)
        if entry is not None:
            new = table.apply(entry, name)
            by = (*by, entry)
            if new is None:
                return Renamed(None, by)
            name = new
    return Renamed(name, by)


class _Compiled:
    """A table whose expressions are compiled once."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._patterns = {old: _pattern(old) for old in table}

    def entry(self, key: str, lacking: bool) -> str | None:
        """The entry that speaks of a key."""
        if key in self._table:
            return key
        patterns = self._patterns.items() if lacking else ()
        return next((old for old, pattern in patterns if pattern.fullmatch(key)), None)

    def apply(self, entry: str, key: str) -> str | None:
        new = self._table[entry]
        match = self._patterns[entry].fullmatch(key)
        if new is None or match is None:
            return new
        try:
            return match.expand(new)
        except (re.error, IndexError) as error:
            raise WeightsError(f"`{new}` is no name that `{entry}` can be given: {error}") from None


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise WeightsError(f"`{text}` in a table of renames is no regular expression: {error}") from None


def _from_file(path: Path) -> dict[str, str | None]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: of the text in it, or of a NUL in its name
        reason = getattr(error, "strerror", None) or "it is no text"
        raise WeightsError(f"the table of renames {path} cannot be read: {reason}") from None
    diagnostics = Diagnostics()
    root = read(SourceFile(str(path), text), diagnostics, max_bytes=_LARGEST)
    for item in diagnostics:
        raise WeightsError(f"{path}:{item.span.line}: {item.message}")
    if not isinstance(root, MappingNode):
        raise WeightsError(f"{path} is no table of renames, a mapping of names to names")
    table: dict[str, str | None] = {}
    for old, new in root:
        if not isinstance(new, Scalar) or not (new.is_text or new.value is None):
            raise WeightsError(f"{path}:{old.span.line}: `{old.text}` is renamed to a name or to null")
        table[old.text] = new.text if new.is_text else None
    return table

"""YAML as data that can say what no loader gives back, such as keys twice and anchors: read and written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tests.proof.source import Source


@dataclass(frozen=True)
class Raw:
    """Text that is written as it is."""

    text: str


@dataclass
class Map:
    """Keys and values, in order; a key may stand twice."""

    pairs: list[tuple[Data, Data]] = field(default_factory=list)


Data: TypeAlias = "Map | list[Data] | Raw | str | int | float | bool | None"

_PLAIN = re.compile(r"[A-Za-z_](?:[\w .+*/=!<>()-]*[\w)*])?", re.ASCII)
_WORDS = {"null", "true", "false", "yes", "no", "on", "off"}


@cache
def parsed(text: str) -> Map | None:
    """The mapping that a text holds, not to be changed; None where it holds none."""
    try:
        data = _of_python(YAML(typ="safe", pure=True).load(text))
    except (YAMLError, ValueError):
        return None
    return data if isinstance(data, Map) else None


def _of_python(value: object) -> Data:
    if isinstance(value, dict):
        return Map([(_of_python(key), _of_python(each)) for key, each in value.items()])
    if isinstance(value, (list, tuple)):
        return [_of_python(each) for each in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def copied(data: Data) -> Data:
    """The same data, which may be changed."""
    if isinstance(data, Map):
        return Map([(copied(key), copied(value)) for key, value in data.pairs])
    return [copied(each) for each in data] if isinstance(data, list) else data


def written(data: Data, source: Source) -> str:
    """The data as YAML: in block style down to some depth, and in flow style below."""
    return "\n".join(_block(data, "", source.choice((1, 2, 2, 3, 3, 4, 50)))) + "\n"


def _block(data: Data, indent: str, depth: int) -> Iterator[str]:
    if isinstance(data, Map) and data.pairs and depth:
        for key, value in data.pairs:
            yield from _entry(f"{indent}{flow(key)}:", value, indent + "  ", depth - 1)
    elif isinstance(data, list) and data and depth:
        for value in data:
            yield from _entry(f"{indent}-", value, indent + "  ", depth - 1)
    else:
        yield indent + flow(data)


def _entry(head: str, value: Data, indent: str, depth: int) -> Iterator[str]:
    nested = depth and isinstance(value, (Map, list)) and (value.pairs if isinstance(value, Map) else value)
    if nested:
        yield head
        yield from _block(value, indent, depth)
    else:
        yield f"{head} {flow(value)}"


def flow(data: Data) -> str:
    """The data in flow style."""
    if isinstance(data, Map):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in data.pairs) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(flow, data)) + "]"
    if isinstance(data, Raw):
        return data.text
    if isinstance(data, str):
        plain = _PLAIN.fullmatch(data) and data.lower() not in _WORDS
        return data if plain else json.dumps(data, ensure_ascii=False)
    return json.dumps(data)

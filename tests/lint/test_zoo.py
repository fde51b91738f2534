"""Warnings on networks that people use: none as they are, and exactly the right one where they are broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archspec import zoo
from archspec.compilation import compile_target
from archspec.diagnostics import Diagnostic

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))

Broken = Iterator[tuple[str, int]]
"""A spec with one mistake, and the line in which that has to be told."""


@pytest.mark.parametrize("name", [model.name for model in zoo.models()])
def test_no_model_of_the_zoo_has_a_warning(name: str) -> None:
    assert [item.message for item in compile_target(name).diagnostics] == []


def without_flatten(text: str) -> Broken:
    for found in re.finditer(r"^ +(\w+: |- )Flatten\n", text, re.MULTILINE):
        broken = text[: found.start()] + text[found.end() :]
        linear = re.compile(r"op: Linear").search(broken, found.start())
        if linear is not None:
            yield broken, broken.count("\n", 0, linear.start()) + 1


def with_activations_twice(text: str) -> Broken:
    for found in re.finditer(r"^( +)(?:(\w+): |(- ))(ReLU|ReLU6|SiLU|Hardswish)\n", text, re.MULTILINE):
        indent, name, dash, op = found.groups()
        again = f"{indent}{dash or f'{name}_again: '}{op}\n"
        yield text[: found.end()] + again + text[found.end() :], text.count("\n", 0, found.end()) + 1


def with_biases(text: str) -> Broken:
    for found in re.finditer(r"(?<=bias: )false", text):
        yield f"{text[: found.start()]}true{text[found.end() :]}", text.count("\n", 0, found.start()) + 1


def with_a_last_norm(text: str) -> Broken:
    last = r"^( +)(fc2?: |- )\{op: Linear, out_features: num_classes\}\n(?=\n|\Z)"
    for found in re.finditer(last, text, re.MULTILINE):
        key = "- " if found[2] == "- " else "last_norm: "
        line = f"{found[1]}{key}BatchNorm1d\n"
        yield text[: found.end()] + line + text[found.end() :], text.count("\n", 0, found.end()) + 1


def told(path: Path, text: str) -> list[Diagnostic]:
    compiled = compile_target(str(path), unsaved={path.resolve(): text})
    return list(compiled.diagnostics)


@pytest.mark.parametrize(
    ("break_", "code", "least"),
    [
        (without_flatten, "A402", 14),
        (with_activations_twice, "A406", 25),
        (with_biases, "A405", 8),
        (with_a_last_norm, "A410", 10),
    ],
)
def test_a_mistake_in_a_spec_is_told_where_it_was_made(
    break_: Callable[[str], Broken], code: str, least: int
) -> None:
    """Some specs don't allow for it: a layer is then read by name past the new one, or a path that is named moves."""
    met = 0
    for path in SPECS:
        for text, line in break_(path.read_text(encoding="utf-8")):
            items = told(path, text)
            found = {item.code.name for item in items}
            if all(name.startswith("A4") for name in found):
                assert found <= {code}, (path, line, items)
                assert all(item.span.line == line for item in items[:1]), (path, line, items)
                met += bool(items)
    assert met >= least


SIZES = [("vgg16", 230, ["A407"]), ("vgg16", 256, []), ("resnet50", 231, [])]


@pytest.mark.parametrize(("name", "size", "found"), SIZES)
def test_sizes_that_lose_rows_are_told(name: str, size: int, found: list[str]) -> None:
    assert [item.code.name for item in compile_target(name, inputs=f"N,3,{size},{size}").diagnostics] == found


def test_a_network_that_forgets_to_pool_is_told() -> None:
    for name, before, after in (
        ("vgg", "output_size: 7", "output_size: 28"),
        ("alexnet", "output_size: 6", "output_size: 18"),
    ):
        path = ROOT / "specs" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        [item] = told(path, text.replace(before, after))
        assert item.code.name == "A409"

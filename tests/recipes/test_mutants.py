"""Recipes with something wrong in them: whatever that is, all that comes of it are diagnostics."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archspec.diagnostics import Severity
from archspec.recipes import recipe_names
from archspec.recipes.compiling import compile_recipe
from archspec.syntax.library import packaged

TEXTS = [
    (packaged("specs") / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")
    for name in recipe_names()
    if name != "resnet50_finetune"  # a large network, whose stages stand below
]
STAGED = """recipe: 1
model: {target: tiny_cnn, args: {num_classes: 10}, inputs: {image: [N, 3, 32, 32]}}
data: {source: cifar10, validation: 0.2, workers: 2}
optimizer: {name: SGD, lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 1e-4, no_decay: [norms, fc.bias]}
schedule: {name: step, every: 3, gamma: 0.5, warmup: 1}
ema: 0.99
precision: bf16
clip_norm: 1
augmentation: {crop: 4, jitter: {hue: 0.1}, randaugment: {num_ops: 1}, mixup: 0.2}
stages:
  - {epochs: 5, train: [fc]}
  - {epochs: 5, train: [f, fc], lr: {f: 1e-3, "f.3": 1e-2}}
"""
TOKEN = re.compile(r"[\w.+*-]+|[^\w\s]|\n *")
ODD = ["", "null", "true", "-1", "0", "1e999", "2.5", "''", "[]", "{}", "[[1]]", "{a: {b: c}}", "norms", "**", "\n  ",
       "recipe", "archspec: 1", "digits", "99999999999999999999", "./", "../..", "\u2028", "x" * 300]


@pytest.fixture(scope="module", autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory) -> object:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("mutants"))
    yield
    os.chdir(before)


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """A recipe in which some words stand for others, are gone, or stand twice."""
    text = draw(st.sampled_from([STAGED, STAGED, *TEXTS]))
    words = [match.group() for match in TOKEN.finditer(text)]
    for _ in range(draw(st.integers(1, 3))):
        places = [match.span() for match in TOKEN.finditer(text)]
        start, end = draw(st.sampled_from(places))
        other = draw(st.sampled_from([*ODD, *words, text[start:end] * 2]))
        text = text[:start] + other + text[end:]
    return text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutants())
def test_a_mutant_gives_diagnostics_and_nothing_else(text: str) -> None:
    Path("train.yaml").write_text(text, encoding="utf-8")
    found = compile_recipe("./train.yaml")
    for item in found.diagnostics:
        assert not re.search(r"\bNone\b|\bTrue\b|\bFalse\b|pydantic|Traceback|object at 0x", item.message), item.message
        assert not item.message.endswith(".")
        assert item.span.start <= item.span.end <= len(item.span.file.text)
    failed = any(item.severity is Severity.ERROR for item in found.diagnostics)
    assert failed == (found.graph is None)


def test_the_recipe_that_is_mutated_is_right() -> None:
    Path("right.yaml").write_text(STAGED, encoding="utf-8")
    assert [item.message for item in compile_recipe("./right.yaml").diagnostics] == []

"""Broken specs, the same on every run, and what may never be said of them. The long run is `tools/fuzz.py front`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import archspec
from archspec import compilation, fixing, render
from archspec.diagnostics import CODES, Diagnostic, Label, Replacement
from archspec.source import SourceFile
from tests.ops.cases import op_class
from tests.proof import front_fixes
from tests.proof.front_campaign import Report, run
from tests.proof.front_corpus import Base
from tests.proof.front_minimise import minimised
from tests.proof.front_mutants import Mutant
from tests.proof.front_oracle import findings
from tests.proof.front_pool import Batch, Death, results
from tests.proof.front_prove import Tally, prove
from tests.proof.front_run import STAGES, Outcome, check, standing_in, workplace

MUTANTS = 300


@pytest.fixture(scope="module")
def report() -> Report:
    return run(Batch(0, 0, MUTANTS))


def test_nothing_is_found(report: Report) -> None:
    shown = [f"tools/fuzz.py front --replay {each.name}\n{each.finding}\n{each.text}" for each in report.found]
    assert not shown, shown[0]


def test_mutants_come_far_enough(report: Report) -> None:
    tally = report.tally
    assert tally.mutants == MUTANTS
    assert tally.elaborated >= 0.5 * MUTANTS
    assert {stage: tally.stages[stage] for stage in STAGES if tally.stages[stage] < 4} == {}
    assert tally.done["built"] >= 15
    assert len(tally.codes) >= 30


# --- every oracle can fail

TEXT = """archspec: 1
inputs:
  image: [N, 3, 8, 8]
layers:
  a: {op: Conv2d, out_channels: 4, kernel_size: 3}
  b: {op: MaxPool2d, kernel_size: 2}
  c: {op: ReLU, inplace: false}
"""
BASE = Base("specs", "alexnet.yaml", "alexnet.yaml")
FILE = SourceFile("alexnet.yaml", TEXT)


@pytest.fixture
def folder() -> Iterator[None]:
    with workplace(), standing_in(Mutant(BASE, (), TEXT.encode())):
        yield


def _mistake(start: int, end: int, message: str = "a fact", code: str = "A302", file: SourceFile = FILE) -> Diagnostic:
    return Diagnostic(CODES[code], message, file.span(start, end))


def _text(*items: Diagnostic) -> str:
    return render.text([(BASE.target, items)])


def _outcome(*items: Diagnostic, **more: Any) -> Outcome:
    given = {"code": 1 if items else 0, "printed": _text(*items), "read": True, "layers": 1, **more}
    return Outcome(BASE.target, TEXT.encode(), items=items, **given)


A, B = _mistake(0, 8), _mistake(12, 18)
OUTSIDE = SourceFile("alexnet.yaml", TEXT + "more\n" * 3)
ELSEWHERE = SourceFile("/etc/hostname", TEXT)
BAD: dict[str, tuple[str, Callable[[], Outcome]]] = {
    "an exception": ("check raises", lambda: _outcome(error=ZeroDivisionError())),
    "another exit code": ("exit code", lambda: _outcome(A, code=3)),
    "an error, and exit code 0": ("exit code", lambda: _outcome(A, code=0)),
    "no error, and exit code 1": ("exit code", lambda: _outcome(code=1)),
    "too much time": ("slow", lambda: _outcome(seconds=2.5)),
    "too much memory": ("memory", lambda: _outcome(megabytes=400.0)),
    "a line beyond the file": ("place", lambda: _outcome(_mistake(len(TEXT) + 6, len(TEXT) + 8, file=OUTSIDE))),
    "a column beyond the line": ("place", lambda: _outcome(_mistake(2, 30, file=SourceFile("alexnet.yaml", "x" * 40)))),
    "a place that ends before it starts": ("place", lambda: _outcome(replace(A, span=replace(A.span, start=3, end=2)))),
    "a place in another file": ("place", lambda: _outcome(_mistake(0, 1, file=ELSEWHERE))),
    "a text that is not the file's": ("place", lambda: _outcome(_mistake(0, 1, file=SourceFile("vgg.yaml", TEXT)))),
    "a misplaced label": ("place", lambda: _outcome(replace(A, labels=(Label(ELSEWHERE.span(0, 1), "here"),)))),
    "a misplaced fix": ("place", lambda: _outcome(replace(A, fix=Replacement(ELSEWHERE.span(0, 1), "a")))),
    "another order": ("order", lambda: _outcome(B, A)),
    "the same twice": ("twice", lambda: _outcome(A, A)),
    "a word of Python": ("words", lambda: _outcome(_mistake(0, 1, "the size is None"))),
    "a word of the parser": ("words", lambda: _outcome(_mistake(0, 1, "expected <block end>, but found 'x'"))),
    "a word of Python in a label": ("words", lambda: _outcome(replace(A, labels=(Label(A.span, "True is set here"),)))),
    "no words": ("words", lambda: _outcome(_mistake(0, 1, " "))),
    "a full stop": ("full stop", lambda: _outcome(_mistake(0, 1, "a fact."))),
    "a full stop in a help": ("full stop", lambda: _outcome(replace(A, helps=("write `a`.",)))),
    "a text with fewer": ("forms", lambda: _outcome(A, B, printed=_text(A))),
    "a text with another code": ("forms", lambda: _outcome(A, printed=_text(_mistake(0, 8, code="A303")))),
    "a text with another line": ("forms", lambda: _outcome(A, printed=_text(B))),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_found(name: str) -> None:
    kind, outcome = BAD[name]
    assert kind in {each.kind for each in findings(outcome())}


@pytest.mark.usefixtures("folder")
def test_a_good_answer_is_not() -> None:
    assert not findings(_outcome())
    assert not findings(_outcome(A, B))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("form", ["github", "sarif"])
def test_forms_that_tell_less_are_found(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tell = getattr(render, form)
    monkeypatch.setattr(render, form, lambda checked: tell([(path, items[1:]) for path, items in checked]))
    assert [each[:2] for each in findings(_outcome(A, B))] == [("forms", form)]


def _proved(text: str) -> set[str]:
    with workplace():
        found = prove(Mutant(BASE, (), text.encode()), Tally(), sampled=True)
    return {each.kind for each in found}


def test_a_spec_without_mistakes_passes() -> None:
    assert _proved(TEXT) == set()
    assert _proved(TEXT.replace("Conv2d", "Conf2d")) == set()


def test_an_exception_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "elaborate", lambda *arguments: 1 / 0)
    assert _proved(TEXT) == {"check raises"}


def test_time_and_memory_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def waste(options: object) -> list[int]:
        return [sum(range(10**6)) for _ in range(20)] and [0] * (4 * 10**7) and []

    monkeypatch.setattr(compilation, "compile_target", _before(waste, compilation.compile_target))
    with workplace():
        os.chdir("specs")
        outcome = check(BASE, TEXT.encode())
    assert outcome.seconds > 0.05
    assert outcome.megabytes > 60


def _before(first: Callable[[object], object], function: Callable[..., Any]) -> Callable[..., Any]:
    def both(*arguments: Any, **more: Any) -> Any:
        first(arguments)
        return function(*arguments, **more)

    return both


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("Conv2d", set()), ("Conf2d", {"A302 stays"}), ("Conv7d", {"A302 A302"}), ("[", {"A302 YAML"})],
)
def test_a_fix_that_mends_nothing_is_found(text: str, wrong: set[str]) -> None:
    spec = TEXT.replace("Conv2d", "Conf2d")
    with workplace(), standing_in(Mutant(BASE, (), spec.encode())):
        outcome = check(BASE, spec.encode())
        (item,) = outcome.items
        outcome.items = (replace(item, fix=Replacement(item.span, text)),)
        assert {each.place for each in front_fixes.findings(BASE, outcome)} == wrong


def test_fixes_that_do_harm_together_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixing.Fixer, "write", lambda fixer: Path(BASE.target).write_text("["))
    assert _proved(TEXT.replace("Conv2d", "Conf2d")) == {"fix"}


def test_a_module_that_cannot_be_made_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = op_class("ReLU").to_torch
    monkeypatch.setattr(op_class("ReLU"), "to_torch", lambda *both: recipe(*both)._replace(arguments={"a": 1}))
    assert _proved(TEXT) == {"build raises"}


def test_a_module_that_cannot_run_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(op_class("Conv2d"), "infer", lambda op, value: value._replace(shape=(2, 4, 6, 6)))
    assert _proved(TEXT.replace("[N, 3, 8, 8]", "[2, 3, 1, 1]")) == {"forward raises"}


def test_an_output_of_another_shape_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    infer = op_class("MaxPool2d").infer
    monkeypatch.setattr(op_class("MaxPool2d"), "infer", lambda op, value: infer(op, value)._replace(shape=(2, 4, 5, 5)))
    assert _proved(TEXT) == {"outputs"}


def test_a_text_that_is_told_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archspec, "check", lambda text: (A,))
    assert _proved(TEXT) == {"text and path"}


# --- processes


def _work(batch: Batch, note: Callable[[int], None]) -> list[int]:
    done = []
    for index in range(batch.first, batch.end):
        note(index)
        if index == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(index)
    return done


def test_a_process_that_dies_is_found_and_the_rest_is_done() -> None:
    found = list(results(_work, [Batch(0, 0, 4), Batch(0, 4, 8)], jobs=2))
    assert [each for each in found if isinstance(each, Death)] == [Death(0, 5, -signal.SIGKILL)]
    assert sorted(index for each in found if not isinstance(each, Death) for index in each) == [0, 1, 2, 3, 4, 6, 7]


def test_findings_are_minimised() -> None:
    data = b"one: 1\ntwo: [2, needle]\nthree: 3\n"
    assert minimised(data, lambda some: b"needle" in some, seconds=10) == b"needle"

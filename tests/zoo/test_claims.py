"""What `archspec zoo verify` claims: of every model what needs no weights, of every family, and of all smaller models,
what computes with them. Larger ones are for the command, which takes longer than a test may."""

from __future__ import annotations

import pytest

from archspec import zoo
from archspec.verification import CLAIMS, STRUCTURE
from archspec.verification.claims import HELD
from archspec.verification.run import hold
from archspec.verification.subject import Subject

ZOO = {model.name: model for model in zoo.models()}
SIZES = {name: int(model.expect.get("params") or 0) for name, model in ZOO.items()}
SMALL = 30_000_000
FAMILIES = {model.family: [name for name in ZOO if ZOO[name].family == model.family] for model in ZOO.values()}
SMALLEST = {min(names, key=SIZES.__getitem__) for names in FAMILIES.values()}
COMPUTED = [name for name in ZOO if name in SMALLEST or SIZES[name] < SMALL]


@pytest.fixture(scope="module")
def subject(request: pytest.FixtureRequest) -> Subject:
    return Subject(ZOO[request.param], request.param)


def _cases(names: list[str], claims: tuple[str, ...]) -> pytest.MarkDecorator:
    cases = [pytest.param(name, claim, id=f"{name}-{claim}") for name in names for claim in claims]
    return pytest.mark.parametrize(("subject", "claim"), cases, indirect=["subject"])


@_cases(list(ZOO), STRUCTURE)
def test_structure(subject: Subject, claim: str) -> None:
    assert hold(HELD[claim], subject).difference == ""


@_cases(COMPUTED, ("initial", "outputs", "training"))
def test_numbers(subject: Subject, claim: str) -> None:
    assert hold(HELD[claim], subject).difference == ""


@_cases(sorted(SMALLEST), ("onnx", "published"))
def test_files(subject: Subject, claim: str) -> None:
    assert hold(HELD[claim], subject).difference == ""


def test_every_claim_can_be_held() -> None:
    assert list(HELD) == list(CLAIMS)

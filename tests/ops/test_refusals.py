"""What ops refuse: with the blame on the right argument or input, and never less than torch refuses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from pydantic import ValidationError

from archspec import ops
from archspec.backends.onnx import EmitError, emit
from archspec.diagnostics import CODES
from archspec.ops.base import OpError
from archspec.types import in_spec
from tests.ops.cases import SETTINGS, Refused, at, op_class
from tests.ops.examples import EXAMPLES, REFUSED
from tests.ops.realize import named_tensors, one_layer, tensors, torch_itself

each_refused = pytest.mark.parametrize("example", REFUSED, ids=str)
TORCH_REFUSES = (
    *(RuntimeError, ValueError, TypeError, IndexError, NotImplementedError),
    *(AttributeError, ArithmeticError, AssertionError),
)


def validation_errors(example: Refused) -> list[Any]:
    """What pydantic finds wrong with the arguments."""
    try:
        example.make()
    except ValidationError as error:
        return list(error.errors())
    return []


def refusals(example: Refused) -> list[Exception]:
    """What is raised: an OpError, or the ValueErrors that pydantic collects."""
    if found := validation_errors(example):
        return [item.get("ctx", {}).get("error", ValueError(item["msg"])) for item in found]
    op = example.make()
    try:
        op.infer(*example.types())
        if example.emission:
            weights = named_tensors(torch_itself(example, [at(t, SETTINGS[0]) for t in example.types()], SETTINGS[0]))
            emit(one_layer(op, example), {f"layer.{name}": value.detach() for name, value in weights.items()})
    except OpError as error:
        return [error]
    except EmitError as error:
        return [error.__cause__ or error]  # type: ignore[list-item]
    return []


@each_refused
def test_the_facts_are_sizes_of_the_inputs(example: Refused) -> None:
    types = example.types()
    for error in refusals(example):
        for fact in getattr(error, "facts", ()):
            assert fact.input < len(types)
            assert fact.axis is None or -types[fact.input].rank <= fact.axis < types[fact.input].rank


@each_refused
def test_the_blame_is_where_it_belongs(example: Refused) -> None:
    found = validation_errors(example)
    if found:
        assert [item["loc"][0] for item in found] == [example.blamed]
        return
    (error,) = refusals(example)
    assert isinstance(error, OpError)
    if isinstance(example.blamed, str):
        assert (error.field, error.code) == (example.blamed, example.code or "A502")
        assert example.blamed in op_class(example.op).model_fields
    else:
        assert (error.field, error.input, error.code) == (None, example.blamed, example.code or "A501")
    assert error.code in CODES
    if isinstance(example.blamed, str):
        value = example.arguments.get(example.blamed)
        items = value if isinstance(value, list) else [value]
        assert any(in_spec(item) in error.message for item in items), "the message states the value"


@pytest.mark.filterwarnings("ignore")  # torch warns of what it takes all the same
@each_refused
def test_torch_refuses_too_or_it_is_said_why_not(example: Refused) -> None:
    refused = False
    try:
        layer = torch_itself(example, [at(type_, SETTINGS[0]) for type_ in example.types()], SETTINGS[0])
        layer(*tensors(example, SETTINGS[0]))
    except TORCH_REFUSES:
        refused = True
    assert refused != bool(example.stricter)


def test_every_refusal_has_an_example() -> None:
    """Each `raise` of an op, in validation and inference, is reached by some example."""
    package = Path(ops.__file__).parent
    reached = {place for example in REFUSED for error in refusals(example) for place in raised_at(error.__traceback__)}
    written = {
        (path.name, node.lineno, node.end_lineno or node.lineno)
        for path in package.glob("*.py")
        if path.name != "__init__.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and "NotImplementedError" not in ast.dump(node)
    }
    assert len(written) > 30
    missed = [
        f"{name}:{first}"
        for name, first, last in sorted(written)
        if not reached & {(name, n) for n in range(first, last + 1)}
    ]
    assert missed == []


def raised_at(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    """The line that raised: the last of the traceback."""
    while traceback is not None:
        if traceback.tb_next is None:
            yield Path(traceback.tb_frame.f_code.co_filename).name, traceback.tb_lineno
        traceback = traceback.tb_next


@pytest.mark.parametrize("name", ops.names())
def test_every_bound_on_an_argument_has_an_example(name: str) -> None:
    """Each argument with a rule of its own (`ge=1`, a `Slot`) has a value that breaks it."""
    blamed = {example.blamed for example in REFUSED if shares(example.op, name)}
    ruled = [field for field, info in op_class(name).model_fields.items() if info.metadata]
    assert [field for field in ruled if field not in blamed] == []


def shares(other: str, name: str) -> bool:
    """Whether two ops have their arguments from one base."""
    return op_class(other).__module__ == op_class(name).__module__


def test_every_op_that_can_refuse_has_a_refusal() -> None:
    refused = {example.op for example in REFUSED}
    assert {name for name in ops.names() if name not in refused} == {"Identity"}
    assert {example.op for example in EXAMPLES} == set(ops.names())

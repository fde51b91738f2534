"""Ops by name: each where the list of families says, and names taken once."""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar

import pytest

import archspec
from archspec import ops
from archspec.ops.activation import ReLU
from archspec.ops.base import Op, TorchExpression, TorchRecipe
from archspec.types import TensorType


def test_each_op_stands_in_its_family_and_each_family_lists_its_ops() -> None:
    for family, names in ops.FAMILIES.items():
        module = import_module(f"archspec.ops.{family}")
        public = {
            name
            for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, Op) and value.__module__ == module.__name__
            if not name.startswith("_")
        }
        assert public == set(names)


def test_a_name_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "_registered", {})
    own = type("Own", (ReLU,), {"__doc__": "One of my own."})
    assert ops.register(own) is own
    assert ops.find("Own") is own
    assert "Own" in ops.names()
    for taken in (own, ReLU):
        with pytest.raises(ValueError, match="is called"):
            ops.register(taken)


def test_an_unknown_name_finds_nothing() -> None:
    assert ops.find("Conv9d") is None


class Twice(ReLU):
    """Its input, two times: an op of one's own that says in a class attribute that it gives several values."""

    multiple: ClassVar[bool] = True

    def infer(self, *inputs: TensorType) -> tuple[TensorType, ...]:  # type: ignore[override]
        return inputs[0], inputs[0]

    def to_torch(self, *inputs: TensorType) -> TorchRecipe:
        return TorchExpression("({0}, {0})")


def test_several_values_can_be_said_by_a_class_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "_registered", {"Twice": Twice})
    assert Twice().multiple
    assert Twice.can_be_multiple()
    assert not ReLU.can_be_multiple()
    for here in ("true", "false"):
        spec = f"""
archspec: 1
inputs: {{image: [N, 3]}}
layers:
  twice: {{op: Twice, if: {here}}}
  add: {{op: Add, from: [twice.0, twice.1]}}
"""
        assert [str(value.type) for value in archspec.load(spec).graph.nodes[-1].outputs] == ["N x 3"]

"""Ops by name: each where the list of families says, and names taken once."""

from __future__ import annotations

from importlib import import_module

import pytest

from archspec import ops
from archspec.ops.activation import ReLU
from archspec.ops.base import Op


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

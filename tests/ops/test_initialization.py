"""Initialisers against torch.nn.init: the same names, arguments and defaults."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest
import torch

from archspec.ops.initialization import _DEFAULTS, Initializer, InitName, Nonlinearity


@pytest.mark.parametrize("name", get_args(InitName))
def test_names_and_defaults_are_those_of_torch(name: str) -> None:
    parameters = dict(inspect.signature(getattr(torch.nn.init, f"{name}_")).parameters)
    parameters.pop("tensor")
    parameters.pop("generator", None)
    defaults = {key: None if p.default is p.empty else p.default for key, p in parameters.items()}
    assert _DEFAULTS[name] == defaults


@pytest.mark.parametrize("name", get_args(Nonlinearity))
def test_torch_knows_each_nonlinearity(name: str) -> None:
    assert torch.nn.init.calculate_gain(name) > 0


def test_a_recipe_reads_well_in_each_form() -> None:
    (slot,) = Initializer.__metadata__  # type: ignore[attr-defined]
    assert slot(0.02) == ("constant", {"val": 0.02})
    assert slot("ones") == ("ones", {})
    assert slot({"normal": {"std": 1}}) == ("normal", {"std": 1})
    assert slot(slot("ones")) == slot("ones")

"""docs/ops.md is what its generator prints, and it speaks of all of torch.nn."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import torch

from archspec import ops

PAIR = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    found = spec_from_file_location("ops_page", ROOT / "tools" / "ops_page.py")
    assert found
    assert found.loader
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tool_prints(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run `python tools/ops_page.py`"


def test_every_op_has_an_entry(tool: ModuleType) -> None:
    assert re.findall(r"^### (\w+)$", tool.PAGE.read_text(encoding="utf-8"), re.MULTILINE) == ops.names()


def test_every_module_of_torch_is_an_op_or_is_left_out_for_a_reason(tool: ModuleType) -> None:
    said = set(re.findall(r"`(\w+)`", tool.END.read_text(encoding="utf-8")))
    classes = {name: found for name, found in vars(torch.nn).items() if isinstance(found, type)}
    modules = {name for name, found in classes.items() if issubclass(found, torch.nn.Module)}
    by_rule = {name for name in modules if name.startswith("Lazy") or re.search(r"Loss(2d)?$", name)}
    assert modules - by_rule - {*ops.names()} - said == set()


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer", "minimum": 1}, "int >= 1"),
        ({"type": "number", "exclusiveMinimum": 0}, "number > 0"),
        ({"enum": ["zeros", "reflect"]}, "`zeros`, `reflect`"),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "bool, `null`"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1}, "a list, each int"),
        ({"anyOf": [{"type": "integer"}, PAIR]}, "int, a list of 2"),
        ({"anyOf": [{"const": "same"}, PAIR]}, "`same`, a list of 2, each int"),
        (
            {"anyOf": [{"type": "integer"}, PAIR | {"items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}]},
            "int, a list of 2, each int or `null`",
        ),
    ],
)
def test_what_arguments_take(tool: ModuleType, schema: dict[str, object], text: str) -> None:
    assert tool.takes(schema) == text

"""Every example of docs/language.md, run.

A fenced block's info string says what it is: `yaml` checks clean; `yaml A309` gives exactly that code; `yaml file PATH`
is a file that later examples find; `yaml header` stands before every example that has no `archspec:` of its own.
`text keys` and `text shapes` tell the state_dict and the layers' shapes of the example before them, `text flat` its
layers when it is expanded.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

import archspec
from archspec import ops
from archspec.backends.torch import run_values
from archspec.dims import evaluate
from archspec.graph import Value

PAGE = Path(__file__).parents[2] / "docs" / "language.md"


class Block(NamedTuple):
    line: int
    info: str
    text: str


def _blocks() -> list[Block]:
    page = PAGE.read_text(encoding="utf-8")
    fences = re.finditer(r"^```(\w[^\n]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [Block(page.count("\n", 0, fence.start()) + 1, fence[1].strip(), fence[2]) for fence in fences]


BLOCKS = _blocks()
HEADER = next(block.text for block in BLOCKS if block.info == "yaml header")
EXAMPLES = [block for block in BLOCKS if re.fullmatch(r"yaml( A\d+)*", block.info)]
CLAIMS = [
    (max((b for b in EXAMPLES if b.line < block.line), key=lambda b: b.line), block)
    for block in BLOCKS
    if block.info.startswith("text ")
]


def _spec(block: Block) -> str:
    return block.text if block.text.startswith("archspec:") else HEADER + block.text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the page shows, in the folder where its examples stand."""
    for block in BLOCKS:
        if block.info.startswith("yaml file "):
            path = tmp_path / block.info.removeprefix("yaml file ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ops, "_registered", {})
    for block in BLOCKS:
        if block.info == "python":
            exec(block.text, {"__name__": "example"})
    return tmp_path


def test_the_page_has_no_other_blocks() -> None:
    known = r"yaml(( A\d+)*| header| file \S+)|python|text (keys|shapes|flat)"
    assert [block.info for block in BLOCKS if not re.fullmatch(known, block.info)] == []
    assert len(EXAMPLES) > 30


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: f"line {block.line}")
def test_an_example_means_what_the_page_says(block: Block, folder: Path) -> None:
    wanted = block.info.split()[1:]
    found = archspec.check(_spec(block))
    assert [item.code.name for item in found] == wanted, found
    if not wanted:
        assert archspec.build(_spec(block)) is not None


@pytest.mark.parametrize(("example", "claim"), CLAIMS, ids=lambda block: f"line {block.line}")
def test_the_network_is_as_shown(example: Block, claim: Block, folder: Path) -> None:
    if claim.info == "text flat":
        assert archspec.load(_spec(example)).expand().endswith(claim.text)
        return
    shown = dict(re.findall(r"^(\S+) *(.*)$", claim.text, re.MULTILINE))
    if claim.info == "text keys":
        state = archspec.build(_spec(example)).state_dict()
        found = {key: " x ".join(map(str, tensor.shape)) for key, tensor in state.items()}
        assert list(found) == list(shown)
    else:
        architecture = archspec.load(_spec(example))
        values = {node.path: node.outputs[0] for node in architecture.graph.nodes}
        found = {path: str(values[path].type) for path in shown}
        inputs = {value.name: torch.randn(_at_sizes(value)) for value in architecture.inputs}
        tensors = run_values(archspec.build(architecture), architecture.graph, inputs)
        assert {path: tuple(tensors[path].shape) for path in shown} == {path: _at_sizes(values[path]) for path in shown}
    assert found == shown


def _at_sizes(value: Value) -> tuple[Any, ...]:
    return tuple(evaluate(size, {"N": 2, "H": 6}) for size in value.type.shape)


def test_every_file_of_the_page_is_a_spec_or_a_library(folder: Path) -> None:
    for path in folder.rglob("*.yaml"):
        assert archspec.check(str(path)) == ()

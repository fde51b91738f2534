"""Equal blocks are elaborated once, and nobody can tell: with templates and without, networks are the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archspec.compilation import Compilation, compile_target
from archspec.diagnostics import Use
from archspec.elaborate.template import Template
from archspec.graph import Graph, Node, Scope
from archspec.reports import summarize
from archspec.zoo import own

HEAD = """\
archspec: 1
name: stamped
inputs: {image: [N, 8, 16, 16]}
blocks:
  Branch:
    args: {act: op = ReLU}
    layers:
      conv: {op: Conv2d, out_channels: x.C, kernel_size: 3, padding: 1}
      act: act
  Residual:
    args: {width: 8, rate: 0.0, act: op = ReLU, skip: true}
    layers:
      conv: {op: Conv2d, out_channels: width, kernel_size: 1, bias: false}
      inner: {layers: [BatchNorm2d, {op: Branch, act: act}]}
      drop: {op: Dropout, p: rate}
      project: {op: Conv2d, if: width != x.C, from: x, out_channels: width, kernel_size: 1}
      add: {op: Add, if: skip, from: [drop, project]}
  Both:
    inputs: [one, other]
    layers:
      sum: {op: Add, from: [one, other]}
      halves: {op: Chunk, chunks: 2}
      all: {op: Concat, from: [halves.1, halves.0, one]}
      conv: {op: Conv2d, out_channels: 8, kernel_size: 1}
  Twice:
    layers:
      scope: [{op: Conv2d, out_channels: 8, kernel_size: 1}, Tanh]
      again: {share: scope}
  Again:
    layers: {act: Tanh, again: {share: x}}
"""
LAYERS = {
    "equal blocks": "body: {op: Residual, repeat: 4}",
    "arguments that differ": "body: {op: Residual, repeat: i in range(6), width: 8 if i < 3 else 16}",
    "a rate that grows": "body: {op: Residual, repeat: i in range(5), rate: i / 10}",
    "true and 1": "a: {op: Residual, skip: true}\n  b: {op: Residual, skip: 1}\n  c: {op: Residual, skip: false}",
    "ops as arguments": "body: {op: Residual, repeat: 'act in [ReLU, Tanh, ReLU, Tanh]', act: act}",
    "other types": "a: {op: Residual, repeat: 2}\n  pool: {op: MaxPool2d, kernel_size: 2}\n"
    "  b: {op: Residual, repeat: 2}",
    "one value, twice": "a: ReLU\n  b: Tanh\n  c: {op: Both, from: [a, a]}\n  d: {op: Both, from: [a, b]}\n"
    "  e: {op: Both, from: [b, a]}\n  f: {op: Both, from: [c, c]}\n  g: {op: Add, from: [d, e, f]}",
    "layers inside are read": "body: {op: Residual, repeat: 3}\n"
    "  more: {op: Add, from: [body, body.0.inner.1.act, body.2.inner.1.conv]}",
    "all layers inside": "body: {op: Residual, repeat: 2}\n  more: {op: Add, from: body.1.*}\n"
    "  last: {op: Conv2d, out_channels: 'body[1].inner.C', kernel_size: 1}",
    "a stamped block is shared": "body: {op: Residual, repeat: 2}\n  again: {share: body.1}\n"
    "  last: {share: body.1.inner}",
    "a stamped layer is shared": "body: {op: Residual, repeat: 3}\n  again: {share: body.2.conv}",
    "layers that are shared inside": "body: {op: Twice, repeat: 3}",
    "what a block reads is shared": "body: {op: Residual, repeat: 2}\n  conv: {op: Conv2d, out_channels: 8, "
    "kernel_size: 1}\n  a: {op: Again, from: conv}\n  b: {op: Again, from: conv}\n  c: {op: Add, from: [a, b]}",
    "outputs inside are read": "a: {op: Both, from: [image, image]}\n  b: {op: Both, from: [a, a]}\n"
    "  c: {op: Concat, from: [b, b.halves.1]}",
    "a block in another's place": "body: {layers: [{op: Residual}, {op: Residual}, {op: Residual, if: false}]}",
    "deeper than before": "a: {op: Branch}\n  deep: {layers: {er: {layers: [Branch, Branch]}}}",
}
SYMBOLS = HEAD.replace("[N, 8, 16, 16]", "[N, 8, H, W]") + "layers:\n  body: {op: Residual, repeat: 3}\n"


@pytest.fixture
def stamped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the blocks that templates have given."""
    paths: list[str] = []

    def noted(self: Template, *given: Any, stamp: Any = Template.stamp) -> Any:
        entry = stamp(self, *given)
        if entry is not None:
            paths.append(given[2].place.path)
        return entry

    monkeypatch.setattr(Template, "stamp", noted)
    return paths


def with_and_without(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Compilation, Compilation]:
    with_templates = compile_target(name)
    with monkeypatch.context() as changed:
        changed.setattr("archspec.elaborate.walker.key_of", lambda *given: None)
        return with_templates, compile_target(name)


def described(found: Compilation) -> list[object]:
    """All that a network is, and all that is said of it."""
    said: list[object] = [item.as_dict() for item in found.diagnostics]
    if found.graph is None:
        return said
    graph = found.graph
    about = (
        [(output.name, output.value.name, output.training) for output in graph.outputs],
        [(path, value.name) for path, value in graph.aliases.items()],
        [(str(each.condition), each.layer, each.span) for each in graph.requirements],
        graph.init,
    )
    return [*said, about, *map(of_node, graph.nodes), *of_scope(graph.root), summarize(graph).as_dict()]


def of_node(node: Node) -> object:
    origin = node.origin
    assert node in node.scope.steps
    assert all(value.node is node for value in node.outputs)
    return (
        (node.path, node.owner, type(node.op), dict(node.op), node.training_only, node.settled, node.scope.path),
        [value.name for value in node.inputs],
        [(value.name, value.type, value.index) for value in node.outputs],
        (origin.span, dict(origin.arguments), origin.values, [of_use(use) for use in origin.within]),
    )


def of_use(use: Use) -> object:
    return use.body, use.name, use.path, use.span, dict(use.values()), [use.written(name) for name in use.values()]


def of_scope(scope: Scope) -> Iterator[object]:
    facts = (scope.path, scope.kind, scope.owner, scope.input_names, scope.label, scope.span)
    yield facts, [value.name for value in scope.inputs], scope.output and scope.output.name
    yield [step.path for step in scope.steps]
    for step in scope.steps:
        if isinstance(step, Scope):
            assert step.parent is scope
            yield from of_scope(step)


def graph_of(found: Compilation) -> Graph:
    assert found.graph is not None, [item.message for item in found.diagnostics]
    return found.graph


@pytest.mark.parametrize("name", [*(model.name for model in own().models()), *own().spec_names()])
def test_packaged_networks_are_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = with_and_without(name, monkeypatch)
    assert described(one) == described(other)


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_networks_are_the_same(layers: str, monkeypatch: pytest.MonkeyPatch, stamped: list[str]) -> None:
    one, other = with_and_without(f"{HEAD}layers:\n  {layers}\n", monkeypatch)
    graph_of(one)
    assert described(one) == described(other)
    assert stamped


def test_requirements_are_the_same(monkeypatch: pytest.MonkeyPatch, stamped: list[str]) -> None:
    one, other = with_and_without(SYMBOLS, monkeypatch)
    assert described(one) == described(other)
    assert stamped == ["body.1", "body.2"]


MISTAKES = {
    "in a later use": "body: {op: Residual, repeat: i in range(4), width: 8 if i < 3 else 0}",
    "behind equal blocks": "body: {op: Residual, repeat: 3}\n  last: {op: Linear, out_features: 3, bais: false}",
    "what has no layers is shared": "body: {op: Residual, repeat: 2}\n  again: {share: body.1.add.conv}",
    "a layer that is not there": "body: {op: Residual, repeat: 2}\n  again: {op: ReLU, from: body.1.inner.7}",
    "a rate that cannot be": "body: {op: Residual, repeat: i in range(4), rate: i}",
    "in place": "a: {op: Branch, repeat: 2}\n  b: {op: Residual, repeat: 2}\n  c: {op: ReLU, inplace: true}\n"
    "  d: {op: Add, from: [b, c]}",
}


@pytest.mark.parametrize("layers", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_the_same(layers: str, monkeypatch: pytest.MonkeyPatch, stamped: list[str]) -> None:
    one, other = with_and_without(f"{HEAD}layers:\n  {layers}\n", monkeypatch)
    assert len(one.diagnostics)
    assert described(one) == described(other)
    assert stamped


def test_the_limit_on_layers_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{HEAD}layers:\n  body: {{op: Residual, repeat: 5}}\n"
    found = []
    for _ in range(2):
        compiled = [compile_target(text, max_layers=most) for most in range(20, 50)]
        found.append([item.as_dict() for each in compiled for item in each.diagnostics])
        monkeypatch.setattr("archspec.elaborate.walker.key_of", lambda *given: None)
    assert found[0] == found[1] != []


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    (tmp_path / "parts.yaml").write_text("archspec: 1\nblocks:\n  Part: {layers: [Tanh]}\n")
    path.write_text("archspec: 1\nname: a\ninputs: {image: [N, 3]}\nimport: [parts.yaml]\nlayers: [Part, Part]\n")

    def ops() -> list[str]:
        return [type(node.op).__name__ for node in graph_of(compile_target(str(path))).nodes]

    assert ops() == ops() == ["Tanh", "Tanh"]
    (tmp_path / "parts.yaml").write_text("archspec: 1\nblocks:\n  Part: {layers: [ReLU]}\n")
    assert ops() == ["ReLU", "ReLU"]
    path.write_text(path.read_text().replace("[Part, Part]", "[Part, Taxt]"))
    assert [item.code.name for item in compile_target(str(path)).diagnostics] == ["A302"]
    assert [item.code.name for item in compile_target(str(path)).diagnostics] == ["A302"]



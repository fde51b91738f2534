"""A random network as a spec and as plain torch: the same verdict, the same layers at fault, and, where both take
it, the same shapes, state_dict and values."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from archspec.backends.torch import build_module
from archspec.compilation import Compilation, compile_target
from archspec.diagnostics import Diagnostic, Severity
from archspec.dims import evaluate
from archspec.graph import Graph
from tests.proof.networks_draw import draw
from tests.proof.networks_onnx import compare_onnx
from tests.proof.networks_program import Block, Layer, Program, features
from tests.proof.networks_text import Written, write
from tests.proof.networks_twin import BATCH, Node, TooBig, Twin, Value
from tests.proof.source import Source

_ALLOWED = ("A305", "A307", "A308", "A310", "A501", "A502", "A503", "A504", "A506")
_DEAD = "A505"


class Disagreement(AssertionError):
    """archspec and torch do not agree about a network."""


@dataclass
class Tally:
    """What a run has seen."""

    networks: int = 0
    valid: int = 0
    invalid: int = 0
    dead: int = 0
    too_big: int = 0
    other_batch: int = 0  # invalid at this batch, and not at every one
    layers: int = 0
    flat: int = 0  # valid networks whose output does not depend on their input
    onnx: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        sums = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Tally(**sums)


def prove(source: Source, tally: Tally, *, onnx: bool = False) -> None:
    """One network. Raises Disagreement, with the spec."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        try:
            program = draw(source)
            inputs = example_inputs(program)
            twin = Twin(program)
            outputs = twin.run(inputs)
        except TooBig:
            tally.too_big += 1
            return
        written = write(program, source)
        tally.networks += 1
        tally.layers += len(twin.nodes)
        tally.features.update(features(program))
        try:
            compare(written, twin, inputs, outputs, tally, onnx=onnx)
        except Exception as error:  # whatever archspec or onnxruntime raises is a disagreement with torch as well
            reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
            raise Disagreement(f"{reason}\n\n{written.text}") from error


def example_inputs(program: Program) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn([BATCH if isinstance(size, str) else size for size in shape], generator=generator)
        for name, shape in program.inputs.items()
    }


def compare(
    written: Written, twin: Twin, inputs: dict[str, Tensor], outputs: dict[str, Value], tally: Tally, *, onnx: bool
) -> None:
    symbolic = any("N" in shape for shape in twin.program.inputs.values())
    compilation = compile_target(written.text)
    if symbolic and (twin.failures or not _holds_here(compilation.graph)):
        with_number = compile_target(written.text.replace("[N, ", f"[{BATCH}, "))
        _fits(compilation, with_number, tally)
        compilation = with_number
    errors = _errors(compilation)
    dead = _dead(twin, outputs) if not twin.failures else []
    if twin.failures:
        tally.invalid += 1
        _same_culprits(written, twin, errors)
    elif dead:
        tally.dead += 1
        told = _told(errors) or "nothing"
        assert {item.code.name for item in errors} == {_DEAD}, f"dead: {[node.path for node in dead]}; {told}"
        _all_dead_and_no_more(errors, dead, outputs)
    else:
        tally.valid += 1
        assert not errors, f"torch takes it: {_told(errors)}"
        assert compilation.graph is not None
        _same_network(compilation.graph, twin, inputs, outputs, tally, onnx=onnx)


def _fits(symbolic: Compilation, with_number: Compilation, tally: Tally) -> None:
    """What is said of any batch goes with what is said of this one. It is taken here and refused there only if a
    condition says so, and the other way round only where a layer's own size would depend on the batch."""
    if symbolic.graph is not None and with_number.graph is None:
        tally.other_batch += 1
        assert not _holds_here(symbolic.graph), f"only refused for a batch of {BATCH}: {symbolic.graph.requirements}"
    if symbolic.graph is None and with_number.graph is not None:
        tally.other_batch += 1
        errors = _errors(symbolic)
        assert all("N" in item.message for item in errors), f"fine for a batch of {BATCH}: {_told(errors)}"


def _holds_here(graph: Graph | None) -> bool:
    """Whether there is a network, and all its conditions hold for this batch."""
    return graph is not None and all(each.condition.at(N=BATCH) for each in graph.requirements)


def _errors(compilation: Compilation) -> list[Diagnostic]:
    return [item for item in compilation.diagnostics if item.severity is Severity.ERROR]


def _told(errors: list[Diagnostic]) -> str:
    return "; ".join(f"line {item.span.line}: {item.code.name} {item.message}" for item in errors)


def _owner(written: Written, item: Diagnostic) -> Layer | Block | None:
    return written.owners[item.span.line - 1]


# --- invalid networks ---------------------------------------------------------------------------------


def _same_culprits(written: Written, twin: Twin, errors: list[Diagnostic]) -> None:
    """The layers that archspec tells of are those that torch refuses: each, and no other."""
    told = {_owner(written, item) for item in errors}
    for failure in twin.failures:
        assert told & set(failure.culprits), f"not told: {failure.message}; but {_told(errors) or 'nothing'}"
    blamed = {culprit for failure in twin.failures for culprit in failure.culprits}
    surplus = [item for item in errors if _owner(written, item) not in blamed]
    assert not surplus, f"torch refuses nothing there: {_told(surplus)}"
    assert {item.code.name for item in errors} <= set(_ALLOWED), f"unexpected {_told(errors)}"


def _dead(twin: Twin, outputs: dict[str, Value]) -> list[Node]:
    """The nodes that reach no output; of a dead branch, its last one."""
    reached = _reached(outputs)
    dead = [node for node in twin.nodes if node not in reached]
    read = {value.node for node in dead for value in node.inputs}
    return [node for node in dead if node not in read]


def _reached(outputs: dict[str, Value]) -> set[Node | None]:
    reached: set[Node | None] = {None}
    waiting = [value.node for value in outputs.values()]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in reached:
            reached.add(node)
            waiting.extend(value.node for value in node.inputs)
    return reached


def _all_dead_and_no_more(errors: list[Diagnostic], dead: list[Node], outputs: dict[str, Value]) -> None:
    """Each layer that ends a dead branch is told of, by itself or with a scope around it in which all is dead."""
    covered, reached = set(), _reached(outputs)
    for item in errors:
        path = item.message.split("`")[1]
        inside = [node for node in dead if f"{node.path}.".startswith(f"{path}.")]
        assert inside, f"nothing is dead there: {item.message}"
        covered |= {node.layer for node in inside}
        alive = [node.path for node in reached if node is not None and f"{node.path}.".startswith(f"{path}.")]
        assert not alive, f"{item.message}, but {alive} do"
    assert covered == {node.layer for node in dead}, _told(errors)


# --- valid networks -----------------------------------------------------------------------------------


def _same_network(
    graph: Graph, twin: Twin, inputs: dict[str, Tensor], outputs: dict[str, Value], tally: Tally, *, onnx: bool
) -> None:
    ours = {
        value.name: tuple(evaluate(size, {"N": BATCH}) for size in value.type.shape)
        for node in graph.nodes
        for value in node.outputs
    }
    theirs = {name: tuple(value.tensor.shape) for name, value in twin.values.items()}
    assert ours == theirs, f"shapes differ: {_difference(ours, theirs)}"
    labels = {value.name: value.type.axes for node in graph.nodes for value in node.outputs}
    expected_labels = {name: value.labels for name, value in twin.values.items()}
    assert labels == expected_labels, f"labels differ: {_difference(labels, expected_labels)}"
    reference = twin.module()
    module = build_module(graph).eval()
    assert list(module.state_dict()) == list(reference.state_dict()), "keys differ"
    counts = [sum(parameter.numel() for parameter in each.parameters()) for each in (module, reference)]
    counts.append(sum(_elements(tensor.shape) for _, _, tensor in graph.owned() if tensor.trainable))
    assert len(set(counts)) == 1, f"parameters: {counts}"
    randomise(reference)
    module.load_state_dict(reference.state_dict(), strict=True)
    again = Twin(twin.program)
    again.adopt(twin)
    expected = again.run(inputs)
    result = module(*inputs.values())
    found = result if isinstance(result, dict) else {graph.outputs[0].name: result}
    assert list(found) == list(expected), f"outputs: {list(found)}, {list(expected)}"
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value.tensor, rtol=0, atol=0, equal_nan=True)
    tally.flat += all(not value.tensor.numel() or float(value.tensor.std()) < 1e-3 for value in expected.values())
    if onnx:
        if not all(value.tensor.numel() for value in again.values.values()):
            tally.onnx["empty"] += 1  # onnxruntime has kernels that fail on nothing
            return
        tensors = {name: each.tensor for name, each in expected.items()}
        scale = max((float(value.tensor.abs().max()) for value in again.values.values()), default=1.0)
        tally.onnx[compare_onnx(graph, module, inputs, tensors, max(1.0, scale))] += 1


def _difference(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    names = [name for name in {**theirs, **ours} if ours.get(name) != theirs.get(name)]
    return "; ".join(f"{name}: {ours.get(name)}, torch {theirs.get(name)}" for name in names)


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def randomise(module: torch.nn.Module) -> None:
    """Weights and running statistics that are nothing special, and keep values of order one."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in module.state_dict().items():
        if not tensor.is_floating_point():
            continue
        drawn = torch.randn(tensor.shape, generator=generator)
        if name.endswith("running_var"):
            tensor.copy_(drawn.abs() + 0.5)
        elif tensor.dim() > 1:
            tensor.copy_(drawn / max(1, tensor.numel() // max(1, tensor.shape[0])) ** 0.5)
        else:
            tensor.copy_(1 + 0.3 * drawn)


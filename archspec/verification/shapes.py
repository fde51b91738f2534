"""The claim on shapes: what is inferred for every layer is what torch computes, in our module and in the twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from archspec.backends.torch import example_inputs, example_sizes, run_values
from archspec.dims import evaluate
from archspec.graph import Value
from archspec.verification.finding import Finding
from archspec.verification.subject import Subject


def same_shapes(subject: Subject) -> Finding:
    """Every value between our layers, and what each module of the twin gives that stands under a name of ours."""
    graph = subject.default.graph
    layers = {"layers": len(graph.nodes)}
    sizes = example_sizes(graph)
    inputs = {name: tensor.to("meta") for name, tensor in example_inputs(graph, sizes=sizes).items()}
    with torch.no_grad():
        found = run_values(subject.module_without_values.train(), graph, inputs)
    for value in (value for node in graph.nodes for value in node.outputs):
        if difference := _difference(value, found[value.name], sizes):
            return Finding(f"{value.name} is {difference} in torch", layers)
    if not subject.builder:
        return Finding(figures=layers)
    given = _results(subject.without_values.theirs, *inputs.values())
    shared = [node for node in graph.nodes if node.path in given and len(node.outputs) == 1]
    differences = (
        f"{node.path} is {difference} in torchvision's module"
        for node in shared
        if (difference := _difference(node.outputs[0], given[node.path], sizes))
    )
    return Finding(next(differences, ""), {**layers, "twin_modules": len(shared)})


def _results(theirs: nn.Module, image: Tensor) -> dict[str, Tensor]:
    """The tensor that each module gives that is called once and gives one, by its path."""
    found: dict[str, list[Any]] = {}
    hooks = [
        module.register_forward_hook(lambda _, __, result, path=path: found.setdefault(path, []).append(result))
        for path, module in theirs.named_modules()
        if path
    ]
    with torch.no_grad():
        theirs.train()(image)
    for hook in hooks:
        hook.remove()
    return {path: given[0] for path, given in found.items() if len(given) == 1 and isinstance(given[0], Tensor)}


def _difference(value: Value, tensor: Tensor, sizes: Mapping[str, int]) -> str:
    wanted = [evaluate(size, sizes) for size in value.type.shape]
    dtype = str(tensor.dtype).removeprefix("torch.")
    if wanted == list(tensor.shape) and value.type.dtype == dtype:
        return ""
    return f"inferred as {_written(wanted)} {value.type.dtype}, and is {_written(tensor.shape)} {dtype}"


def _written(sizes: Sequence[object]) -> str:
    return "x".join(map(str, sizes)) or "one number"

"""Ops made real: torch modules and functions, and one-layer graphs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import torch

from archspec.backends.torch.initialize import initialize
from archspec.dims import evaluate
from archspec.graph import Graph, Node, Origin, Output, Scope, Value
from archspec.ops.base import Op, TorchExpression, TorchModule, TorchTensor
from archspec.source import SourceFile
from archspec.types import DType
from tests.ops.cases import Example, Sizes, at, type_of
from tests.ops.modules import CALLED

_SPAN = SourceFile("example.yaml", "").span(0, 0)
_INPUT_SIDE: dict[str, Callable[[Sequence[tuple[int, ...]]], Any]] = {
    "in_channels": lambda shapes: shapes[0][1],
    "num_features": lambda shapes: shapes[0][1],
    "num_channels": lambda shapes: shapes[0][1],
    "in_features": lambda shapes: shapes[0][-1],
    "in1_features": lambda shapes: shapes[0][-1],
    "in2_features": lambda shapes: shapes[1][-1],
    "input_size": lambda shapes: shapes[0][-1],
    "embed_dim": lambda shapes: shapes[0][-1],
    "kdim": lambda shapes: shapes[:2][-1][-1],
    "vdim": lambda shapes: shapes[-1][-1],
    "normalized_shape": lambda shapes: shapes[0][-1],
}


def tensor(
    shape: Sequence[int], dtype: DType = DType.float32, *, below: int = 100, device: str = "cpu"
) -> torch.Tensor:
    """Random values; of integers those from 0 to `below`."""
    kind = getattr(torch, dtype)
    if dtype.is_floating:
        return torch.randn(shape, device=device).to(kind)
    return torch.randint(0, 2 if dtype is DType.bool else below, tuple(shape), device=device).to(kind)


def tensors(example: Example, sizes: Sizes, *, device: str = "cpu") -> list[torch.Tensor]:
    below = max(1, example.arguments.get("num_embeddings", 100))  # all integers are rows of a table, where there is one
    values = [tensor(at(type_, sizes), type_.dtype, below=below, device=device) for type_ in example.types()]
    return [value.abs() + 0.1 for value in values] if example.positive else values


def torch_itself(example: Example, shapes: Sequence[tuple[int, ...]], sizes: Sizes) -> Callable[..., Any]:
    """What torch calls the op, made from the arguments as they are written, without the op's help: the
    class of that name, its input-side sizes read off the inputs, or the example's function."""
    if example.torch is not None:
        takes_sizes = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(example.torch).parameters.values())
        function = example.torch
        return lambda *values: function(*values, **(sizes if takes_sizes else {}))
    module = CALLED.get(example.op) or getattr(torch.nn, example.op)
    arguments = {name: tuple(v) if isinstance(v, list) else v for name, v in example.arguments.items()}
    for name, size in _INPUT_SIDE.items():
        if name in inspect.signature(module).parameters and name not in arguments:
            arguments[name] = size(shapes)
    made: torch.nn.Module = module(**arguments)
    return made


def by_recipe(op: Op, example: Example, sizes: Sizes) -> Callable[..., Any]:
    """What the op's own recipe makes: a module or a function. (Not for owned tensors.)"""
    recipe = op.to_torch(*example.types())
    assert not isinstance(recipe, TorchTensor)
    if isinstance(recipe, TorchModule):
        return module_of(recipe)
    names = [f"x{k}" for k in range(len(example.inputs))]
    source = recipe.source.format(*names, *(str(evaluate(size, sizes)) for size in recipe.sizes))
    made: Callable[..., Any] = eval(f"lambda {', '.join(names)}: {source}", {"torch": torch})
    return made


def module_of(recipe: TorchModule) -> torch.nn.Module:
    owner, _, name = recipe.target.rpartition(".")
    made: torch.nn.Module = getattr(import_module(owner), name)(**recipe.arguments)
    return made


def owned_tensor(recipe: TorchTensor, shape: tuple[int, ...], dtype: DType) -> torch.Tensor:
    empty = torch.empty(shape, dtype=getattr(torch, dtype))
    initialize(empty, recipe.initializer, recipe.arguments)
    return empty


def named_tensors(module: Any) -> dict[str, torch.Tensor]:
    """Parameters, then buffers, by name, as they are registered."""
    if not isinstance(module, torch.nn.Module):
        return {}
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def one_layer(op: Op, example: Example) -> Graph:
    """A network of this layer alone."""
    inputs = tuple(Value(f"x{k}", type_) for k, type_ in enumerate(example.types()))
    beside = (Value("beside", type_of(example.beside)),) if example.beside else ()
    root = Scope("", "root", "", None, (*inputs, *beside))
    node = Node("layer", op, inputs, root, Origin(_SPAN), "layer")
    found = op.infer(*example.types())
    types = found if isinstance(found, tuple) and op.multiple else (found,)
    node.outputs = tuple(Value(f"layer.{k}" if op.multiple else "layer", t, node, k) for k, t in enumerate(types))  # type: ignore[arg-type]
    root.steps.append(node)
    outputs = tuple(Output(f"y{k}", value) for k, value in enumerate(node.outputs))
    return Graph("example", (*inputs, *beside), outputs, root, [node])


def is_expression(op: Op, example: Example) -> bool:
    return isinstance(op.to_torch(*example.types()), TorchExpression)

"""Initialisation that a spec asks for, by the functions of `torch.nn.init`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch
from pydantic import TypeAdapter

from archspec.graph import Graph, state_key
from archspec.ops.initialization import Initializer

_normal_form: TypeAdapter[Any] = TypeAdapter(Initializer)


def initialize(tensor: torch.Tensor, name: str, arguments: Mapping[str, Any]) -> None:
    """Fill a tensor by the function of torch.nn.init called `name`, without its trailing underscore, or by that of a
    dotted name."""
    module, _, function = name.rpartition(".")
    fill = getattr(import_module(module), function) if module else getattr(torch.nn.init, f"{name}_")
    fill(tensor, **arguments)


def apply_init(model: torch.nn.Module, graph: Graph) -> None:
    """Set the tensors that the graph's `init` names, in the order of the layers; a layer's path counts for more
    than its op, and what a layer of that op does not own (a `bias`, say) is passed over."""
    if not graph.init:
        return
    tensors = model.state_dict(keep_vars=True)
    for node in graph.nodes:
        wanted = {**graph.init.get(type(node.op).__name__, {}), **graph.init.get(node.path, {})}
        if wanted and not node.shared:
            for tensor in node.parameters():
                if tensor in wanted:
                    name, arguments = _normal_form.validate_python(wanted[tensor])
                    initialize(tensors[state_key(node.owner, tensor)], name, arguments)

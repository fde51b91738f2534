"""What an ONNX file says of itself: where it comes from, and how it wants to be used. docs/export.md has the table.

Nothing here tells of the machine or of the time: equal networks give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from archspec.architecture import Architecture
from archspec.deployment import Deployment
from archspec.graph import Graph
from archspec.version import VERSION
from archspec.weights.facts import Facts

if TYPE_CHECKING:
    from torch import nn

_RANGES = {"none": "normalised", "normalize": "0..1", "uint8-nhwc": "0..255"}


def metadata_of(
    architecture: Architecture, graph: Graph, deployment: Deployment, known: Facts, hashes: Mapping[str, str]
) -> dict[str, str]:
    """By key, as text or JSON, without what is not known. `graph` is the deployed one, whose preprocessing may be that
    of others than the weights that are `known`; `hashes` are those of the spec and the weights."""
    target = architecture.compilation.target
    given = {**target.arguments, **architecture.request.arguments}
    statements = architecture.sizes().statements()
    found = {
        "version": VERSION,
        "model": architecture.name,
        "spec": target.spec.name if target.spec else "",
        "spec_sha256": hashes["spec"],
        "args": ", ".join(f"{name}: {node.span.text}" for name, (_, node) in given.items()),
        "weights_sha256": hashes["weights"],
        "sizes": "\n".join(each.text for each in statements),
        "input_layout": _layout(graph),
        "preprocess": deployment.preprocess if deployment.preprocessing else "",
        "input_range": _RANGES[deployment.preprocess] if deployment.preprocessing else "",
        "head": deployment.head,
    }
    facts = replace(known, preprocessing=deployment.preprocessing, prepared_for=deployment.prepared_for)
    return {**{f"archspec.{key}": text for key, text in found.items() if text}, **facts.as_metadata()}


def _layout(graph: Graph) -> str:
    """The axes of the image, where exactly one input is one."""
    images = [value.type.axes for value in graph.inputs if {"C", "H", "W"} <= {*value.type.axes}]
    return "".join(map(str, images[0])) if len(images) == 1 else ""


def hashes_of(architecture: Architecture, module: nn.Module) -> dict[str, str]:
    """The SHA-256 of the spec's text, and of the keys and bytes of all tensors in order."""
    import hashlib

    import torch

    spec = architecture.compilation.target.spec
    text = spec.file.text if spec else ""
    weights = hashlib.sha256()
    for key, tensor in module.state_dict().items():
        weights.update(key.encode())
        weights.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return {
        "spec": hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest(),
        "weights": weights.hexdigest(),
    }

"""What an ONNX file says of itself: where it comes from, and how it wants to be used. docs/export.md has the table.

Nothing here tells of the machine or of the time: equal networks give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from archspec.architecture import Architecture
from archspec.deployment import Deployment
from archspec.driver.known import Known
from archspec.graph import Graph
from archspec.version import VERSION
from archspec.weights.published import Published

if TYPE_CHECKING:
    from torch import nn

_RANGES = {"none": "normalised", "normalize": "0..1", "uint8-nhwc": "0..255"}


def metadata_of(
    architecture: Architecture, graph: Graph, deployment: Deployment, known: Known, hashes: Mapping[str, str]
) -> dict[str, str]:
    """By key, as text or JSON, without what is not known. `graph` is the deployed one; `hashes` are those of the spec
    and the weights."""
    target = architecture.compilation.target
    given = {**target.arguments, **architecture.recipe.arguments}
    statements = architecture.sizes().statements()
    found = {
        "version": VERSION,
        "model": architecture.name,
        "spec": target.spec.name if target.spec else "",
        "spec_sha256": hashes["spec"],
        "args": ", ".join(f"{name}: {node.span.text}" for name, (_, node) in given.items()),
        "weights": known.name,
        "weights_sha256": hashes["weights"],
        "sizes": "\n".join(each.text for each in statements),
        "input_layout": _layout(graph),
        **_images(deployment),
        **(_published(known.published, architecture.graph) if known.published else {}),
        "head": deployment.head,
    }
    return {f"archspec.{key}": text for key, text in found.items() if text}


def _layout(graph: Graph) -> str:
    """The axes of the image, where exactly one input is one."""
    images = [value.type.axes for value in graph.inputs if {"C", "H", "W"} <= {*value.type.axes}]
    return "".join(map(str, images[0])) if len(images) == 1 else ""


def _images(deployment: Deployment) -> dict[str, str]:
    facts = deployment.preprocessing
    if facts is None:
        return {}
    return {
        "preprocess": deployment.preprocess,
        "preprocessing_of": deployment.prepared_for,
        "input_range": _RANGES[deployment.preprocess],
        "mean": json.dumps(facts.mean),
        "std": json.dumps(facts.std),
        "resize": json.dumps(facts.resize) if facts.resize else "",
        "crop": json.dumps(facts.crop) if facts.crop else "",
        "interpolation": facts.interpolation,
    }


def _published(weights: Published, graph: Graph) -> dict[str, str]:
    """Who made them, and what their classes are called, where the network still has as many."""
    output = next(output for output in graph.outputs if not output.training)
    sizes = dict(zip(output.value.type.axes, output.value.type.shape, strict=True))
    names = weights.categories if sizes.get("C") == len(weights.categories) else ()
    return {"classes": json.dumps(names, ensure_ascii=False) if names else "", "license": weights.license}


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

"""A network with what a deployment adds around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from archspec.deployment.heads import Head, put_behind
from archspec.deployment.images import in_front
from archspec.deployment.layers import DeployError, unused
from archspec.deployment.preprocessing import Preprocessing
from archspec.deployment.rewiring import names, rewired
from archspec.graph import Graph

Preprocess: TypeAlias = Literal["none", "normalize", "uint8-nhwc"]
PREPROCESS: tuple[Preprocess, ...] = get_args(Preprocess)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is added: in front of the network, and behind it. `preprocessing` is what its weights expect, if that is
    known, and `prepared_for` says which weights."""

    preprocess: Preprocess = "none"
    head: str = "logits"  # softmax, topk=5
    preprocessing: Preprocessing | None = None
    prepared_for: str = ""


def deploy(graph: Graph, deployment: Deployment) -> Graph:
    """The graph itself where nothing is added; else a copy with more layers, which own no tensors.

    `normalize` takes an image as it is after scaling to 0..1, `[N, 3, H, W]`; `uint8-nhwc` its pixels, 0..255,
    `[N, H, W, 3]`. A head stands behind the first output that evaluation gives, and is called `scores`; of `topk` the
    second one, `classes`, holds the places (int64). Raises DeployError.
    """
    head = Head.of(deployment.head)
    if deployment.preprocess not in PREPROCESS:
        raise DeployError(f"the preprocessing `{deployment.preprocess}` is none of {', '.join(PREPROCESS)}")
    if deployment.preprocess == "none" and not head.softmax:
        return graph
    used = names(graph)
    if deployment.preprocess == "none":
        found = rewired(graph, {})
    else:
        pixels = deployment.preprocess == "uint8-nhwc"
        image, front = in_front(graph, pixels, deployment.preprocessing, unused("preprocess", used))
        found = rewired(graph, {image: front.value})
        found.inputs = tuple(front.scope.inputs[0] if value is image else value for value in graph.inputs)
        found.root.inputs = found.inputs
        front.join(found, at=0)
    if head.softmax:
        put_behind(found, head, used)
    return found

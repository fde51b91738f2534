"""A target made like a file that may be somebody else's: with what stands around its network, and with its sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from archspec.architecture import Architecture
from archspec.deployment import PREPROCESS, DeployError, Deployment, deploy
from archspec.diagnostics import SpecError
from archspec.dims import Dim
from archspec.graph import Graph
from archspec.weights.facts import facts_of

if TYPE_CHECKING:
    import onnx

    from archspec.parity.ports import Size


class Likeness(NamedTuple):
    """A network at the sizes of a file, the graph that the file has to compute, with what stands around the network,
    and what was assumed."""

    architecture: Architecture
    graph: Graph
    deployment: Deployment
    assumptions: tuple[str, ...]


class _Axis(NamedTuple):
    """One axis of an input: in the network, and in the file."""

    label: str | None
    size: Dim
    in_file: Size


def like(architecture: Architecture, model: onnx.ModelProto) -> Likeness:
    """Raises SpecError where the network does not take the file's sizes, PortsError where the file has other inputs or
    outputs, DeployError, and WeightsError for metadata that cannot be meant."""
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    deployment = _deployment_in(metadata)
    notes = []
    around = [what for what in (deployment.preprocess, deployment.head) if what not in ("none", "logits")]
    if around:
        notes.append(f"the file's metadata names {' and '.join(around)}, which the target gets too")
    axes = _axes(architecture, deployment, model)
    if open_ := sorted({axis.label for each in axes.values() for axis in each if axis.label and _is_left_open(axis)}):
        opened = _opened(architecture, open_)
        if opened is None:
            notes.append(f"the file leaves {', '.join(open_)} open, and the target can't: compared at its size alone")
        else:
            architecture, axes = opened, _axes(opened, deployment, model)
    if any(_is_other(axis) for each in axes.values() for axis in each):
        shapes = {name: [_taken(axis) for axis in each] for name, each in axes.items()}
        architecture = architecture.with_inputs(shapes)
        told = "; ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in shapes.items())
        notes.append(f"the target is taken with the file's sizes: {told}")
    return Likeness(architecture, deploy(architecture.graph, deployment), deployment, tuple(notes))


def _deployment_in(metadata: Mapping[str, str]) -> Deployment:
    """What the metadata of a file that archspec has written say of what stands around the network. Raises DeployError
    and WeightsError for what archspec does not write."""
    preprocess: Any = metadata.get("archspec.preprocess", "none")
    head = metadata.get("archspec.head", "logits")
    if preprocess not in PREPROCESS:
        raise DeployError(f"the file's metadata names a preprocessing that is not known: {preprocess}")
    facts = facts_of(metadata)
    return Deployment(preprocess, head, facts.preprocessing, facts.prepared_for)


def _axes(architecture: Architecture, deployment: Deployment, model: onnx.ModelProto) -> dict[str, list[_Axis]]:
    """Of the network's inputs by name. Where what stands in front turns an image, its axes are found by label."""
    from archspec.parity import pair_ports

    graph = deploy(architecture.graph, deployment)
    found = {}
    for value, deployed, port in zip(architecture.inputs, graph.inputs, pair_ports(graph, model).inputs, strict=True):
        sizes: Sequence[Size] = port.shape or [None] * deployed.type.rank
        if deployed.type.axes != value.type.axes:
            labelled = dict(zip(deployed.type.axes, sizes, strict=True))
            sizes = [labelled[label] for label in value.type.axes]
        found[value.name] = list(map(_Axis, value.type.axes, value.type.shape, sizes))
    return found


def _opened(architecture: Architecture, labels: Sequence[str]) -> Architecture | None:
    """The network with these axes as symbols, if it takes that."""
    try:
        opened = architecture.with_dynamic(labels)
        opened.require_open_sizes()
    except SpecError:
        return None
    return opened


def _is_left_open(axis: _Axis) -> bool:
    return isinstance(axis.size, int) and not isinstance(axis.in_file, int)


def _is_other(axis: _Axis) -> bool:
    """Whether the network has to be elaborated with the file's number. A batch is a symbol as ever: it just gets it."""
    batch = axis.label == "N" and not isinstance(axis.size, int)
    return isinstance(axis.in_file, int) and axis.in_file != axis.size and not batch


def _taken(axis: _Axis) -> int | str:
    return axis.in_file if isinstance(axis.in_file, int) and _is_other(axis) else str(axis.size)

"""How a network ends: A409 and A410."""

from __future__ import annotations

from archspec.graph import Node, Value
from archspec.lint.network import Network, is_elementwise, label
from archspec.types import SPATIAL

_LEAST_WEIGHTS = 100_000  # below, as in LeNet, such a layer is no burden
_SHARE = 0.8


def report_heavy_linear(node: Node, network: Network) -> None:
    """A409: a Linear over all positions of a feature map that holds most of the parameters."""
    own = _weights(node)
    if own < _LEAST_WEIGHTS or (flattened := _flattened(node.inputs[0], network)) is None:
        return
    total = network.parameters
    if own > _SHARE * total:
        map_ = flattened.inputs[0].type
        network.warn(
            "A409",
            node,
            f"`{node.path}` holds {100 * own // total}% of the parameters: {own:,} of {total:,}",
            argument="out_features",
            labels=[label(flattened, f"a feature map of {map_} is flattened here")],
            helps=["pool before it is flattened, say by AdaptiveAvgPool2d"],
        )


def _weights(node: Node) -> int:
    features = node.input_types[0].shape[-1]
    outputs: int = getattr(node.op, "out_features", 0)
    return outputs * (features + getattr(node.op, "bias", False)) if isinstance(features, int) else 0


def _flattened(value: Value, network: Network) -> Node | None:
    """The layer that flattens a map of several positions, which a convolution is behind; None: there is none."""
    node = network.handed_on(value).node
    if node is None or not node.inputs or not node.op.view or set(value.type.axes) & set(SPATIAL):
        return None
    map_ = node.inputs[0]
    positions = [size for size, axis in zip(map_.type.shape, map_.type.axes, strict=True) if axis in SPATIAL]
    return node if any(size != 1 for size in positions) and map_ in network.convolved else None


def report_normalized_outputs(network: Network) -> None:
    """A410: an output that BatchNorm shifts and scales, which the last Linear was to decide."""
    judged: set[Node] = set()
    for output in network.graph.outputs:
        node = output.value.node
        while node is not None and node not in judged and is_elementwise(type(node.op)):
            judged.add(node)
            node = node.inputs[0].node
        if node is None or not type(node.op).__name__.startswith("BatchNorm"):
            continue
        before = network.handed_on(node.inputs[0]).node
        if before is not None and type(before.op).__name__ == "Linear":
            network.warn(
                "A410",
                node,
                f"`{node.path}` normalizes the output `{output.name}` over the batch",
                labels=[label(before, "the last Linear")],
                helps=["BatchNorm belongs in front of the last Linear, or nowhere near it"],
            )

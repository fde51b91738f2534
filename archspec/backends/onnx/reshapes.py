"""Reshapes in a row, as one: what changes its shape twice has no use for the shape in between.

onnxruntime joins them itself where every size is a number, and not where the batch is a symbol.
"""

from __future__ import annotations

import onnx_ir as ir


def join_reshapes(graph: ir.Graph) -> None:
    """Let each Reshape read what the Reshape or Flatten before it reads, if that serves nothing else; it is removed
    then, and its layer, as a Dropout, has no node. The values of a graph that the emitter wrote have their shapes."""
    for node in list(graph):
        before = node.inputs[0].producer() if node.op_type == "Reshape" and node.inputs[0] else None
        if before is not None and before.op_type in ("Reshape", "Flatten") and _is_idle(before, node):
            node.replace_input_with(0, before.inputs[0])
            _drop(graph, before.outputs[0])


def _is_idle(before: ir.Node, node: ir.Node) -> bool:
    """Whether a node would give the same without the one before it."""
    middle, source = before.outputs[0], before.inputs[0]
    if len(middle.uses()) > 1 or middle.is_graph_output() or node.attributes:
        return False
    assert source is not None, "a Reshape reads a value"
    assert node.inputs[1] is not None, "and a shape"
    sizes = node.inputs[1].const_value
    copied = [] if sizes is None else [axis for axis, size in enumerate(sizes.numpy().tolist()) if size == 0]
    if not copied:
        return True
    if source.shape is None or middle.shape is None or len(source.shape) <= copied[-1]:
        return False
    return all(source.shape[axis] == middle.shape[axis] for axis in copied)


def _drop(graph: ir.Graph, value: ir.Value) -> None:
    """Remove a value that nothing reads any more, and all that was there for it alone: computed sizes, say."""
    maker = value.producer()
    if value.is_initializer() and not value.uses():
        del graph.initializers[str(value.name)]
    elif maker is not None and not any(output.uses() for output in maker.outputs):
        sources = [source for source in maker.inputs if source is not None]
        graph.remove(maker, safe=True)
        for source in sources:
            _drop(graph, source)

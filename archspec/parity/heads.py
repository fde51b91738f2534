"""What stands behind a network's logits: a softmax, and the choice of its greatest entries.

A softmax turns an absolute error of its logits into a relative one of its own, and where two scores are as good as
equal, two runs may choose differently. So both are judged by what they are made of, which is noted as torch runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
from torch import Tensor, nn

from archspec.backends.torch import module_at
from archspec.graph import Graph, Node
from archspec.ops.ranking import TopK
from archspec.ops.softmax import Softmax
from archspec.parity.measure import Array, Run


class Heads:
    """The heads behind which a graph's outputs stand, if they do."""

    def __init__(self, graph: Graph) -> None:
        outputs = [output.value for output in graph.outputs if not output.training]
        makers = [value.node for value in outputs]
        self._softmaxes = [_softmax(node) for node in makers]
        self._choices = [
            node if node and isinstance(node.op, TopK) and value.index == 1 else None
            for node, value in zip(makers, outputs, strict=True)
        ]
        self._read: dict[Node, Array] = {}  # what each of them read last

    @contextmanager
    def noted(self, module: nn.Module) -> Iterator[None]:
        """While a module runs, which is left as it was."""
        with ExitStack() as stack:
            for node in {*filter(None, self._choices), *filter(None, self._softmaxes)}:
                stack.callback(module_at(module, node.owner).register_forward_hook(self._note(node)).remove)
            yield

    def run(self, output: int, ours: Array, theirs: Array) -> Run:
        """What torch and onnxruntime gave for an output, with what is known of how it came about."""
        choice, softmax = self._choices[output], self._softmaxes[output]
        gaps = self._gaps(choice, ours, theirs) if choice else None
        return Run(ours, theirs, gaps=gaps, logits=self._deviation(softmax) if softmax else None)

    def _gaps(self, choice: Node, ours: Array, theirs: Array) -> Array | None:
        """How far apart the scores of two choices are, as parts of the root mean square of all scores."""
        assert isinstance(choice.op, TopK)
        if ours.shape != theirs.shape:
            return None
        scores, dim = self._read[choice], choice.op.dim
        legal = (theirs >= 0) & (theirs < scores.shape[dim])
        chosen = (np.take_along_axis(scores, places, dim) for places in (ours, np.where(legal, theirs, 0)))
        gaps: Array = np.where(legal, np.abs(np.subtract(*chosen)), np.inf) / np.sqrt(np.mean(scores**2))
        return gaps

    def _deviation(self, softmax: Node) -> float:
        """How far logits are from their mean."""
        assert isinstance(softmax.op, Softmax)
        return float(np.sqrt(self._read[softmax].var(axis=softmax.op.dim).mean()))

    def _note(self, node: Node) -> Callable[[nn.Module, tuple[Tensor, ...], object], None]:
        def note(layer: nn.Module, inputs: tuple[Tensor, ...], results: object) -> None:
            self._read[node] = inputs[0].detach().cpu().double().numpy()

        return note


def _softmax(node: Node | None) -> Node | None:
    """The softmax that a node is, or that it chooses from."""
    if node is not None and isinstance(node.op, TopK):
        node = node.inputs[0].node
    return node if node is not None and isinstance(node.op, Softmax) else None

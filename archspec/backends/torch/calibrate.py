"""Weights under which a comparison means something.

Freshly built networks give logits near zero, so that any tolerance passes any graph: gains of zero, scales of
1e-6, tokens of zeros. Here every tensor is drawn so that activations stay of order 1 and the outputs
depend on the input, and the running statistics fit the data.
"""

from __future__ import annotations

from math import sqrt

import torch

from archspec.backends.torch.examples import example_inputs, example_sizes
from archspec.dims import evaluate, product_of
from archspec.graph import Graph, Node
from archspec.ops.base import OwnedTensor

_BATCH = 4
_BatchNorm = torch.nn.modules.batchnorm._BatchNorm


def calibrate(model: torch.nn.Module, graph: Graph, seed: int) -> None:
    """Randomise every parameter of `model` in place, then set the statistics of its batch norms by one forward pass
    in training mode, without dropout. The same seed gives the same weights; torch's own random state
    is left alone. The model is in evaluation mode afterwards."""
    generator = torch.Generator().manual_seed(seed)
    tensors = model.state_dict(keep_vars=True)
    sizes = example_sizes(graph, batch=_BATCH)
    with torch.no_grad():
        for key, node, owned in graph.owned():
            if owned.dtype.is_floating:
                tensors[key].copy_(_drawn(node, owned, tensors[key], sizes, generator))
        _set_statistics(model, example_inputs(graph, sizes=sizes, generator=generator))

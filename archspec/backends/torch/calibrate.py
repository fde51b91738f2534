"""Weights under which a comparison means something.

Freshly built networks give logits near zero, so that any tolerance passes any graph: gains of zero, scales of
1e-6, tokens of zeros. Here every tensor is drawn so that activations stay of order 1 and the outputs
depend on the input, and the running statistics fit the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod, sqrt

import torch

from archspec.backends.torch.examples import example_inputs, example_sizes
from archspec.dims import evaluate
from archspec.graph import Graph, Node
from archspec.ops.base import OwnedTensor

_ELEMENTS = 4 * 3 * 224 * 224  # of the inputs that give the statistics: 4 images of the usual size
_FEWEST, _MOST = 4, 64  # samples
_TRIVIAL = 0.01  # a gain that torch starts below this would hide its branch
_SHIFT = 0.5  # the deviation of what is added: biases, tokens, tables of positions
_BatchNorm = torch.nn.modules.batchnorm._BatchNorm


def calibrate(model: torch.nn.Module, graph: Graph, seed: int) -> None:
    """Randomise every parameter of `model` in place, then set the statistics of its batch norms by one forward
    pass, layer by layer. The same seed gives the same weights, and torch's own random
    state is left alone. The model is in evaluation mode afterwards."""
    generator = torch.Generator().manual_seed(seed)
    tensors = model.state_dict(keep_vars=True)
    sizes = example_sizes(graph, batch=_samples(graph))
    with torch.no_grad():
        for key, node, owned in graph.owned():
            is_table = owned.init.kind == "table"
            if owned.dtype.is_floating and not is_table and not (owned.buffer and key != node.owner):
                tensors[key].copy_(_drawn(node, owned, sizes, generator))
        _set_statistics(model, example_inputs(graph, sizes=sizes, generator=generator))


def _samples(graph: Graph) -> int:
    """How many samples the statistics are taken from: of small inputs more, whose last maps hold a few positions each.
    From a handful of values a deviation may come out far too small, and later inputs be magnified by every layer."""
    sizes = example_sizes(graph, batch=1)
    elements = [evaluate(value.type.elements, sizes) for value in graph.inputs]
    largest = max((count for count in elements if isinstance(count, int)), default=1)
    return min(max(_ELEMENTS // max(largest, 1), _FEWEST), _MOST)


def _drawn(node: Node, owned: OwnedTensor, sizes: Mapping[str, int], generator: torch.Generator) -> torch.Tensor:
    """Values for one tensor, by its part: weights keep the variance of what they read, gains lie between a third and
    two thirds of where torch starts them, everything else is added. Small gains beside large shifts keep activations
    near their linear range: otherwise a deep network magnifies rounding a thousandfold."""
    fan_in = _fan_in(node, owned, sizes)
    if fan_in:
        return torch.randn(owned.shape, generator=generator) / sqrt(fan_in)
    if owned.init.kind == "constant" and owned.init.mean:
        start = owned.init.mean if abs(owned.init.mean) > _TRIVIAL else 1.0
        return start * (torch.rand(owned.shape, generator=generator) + 1) / 3
    return torch.randn(owned.shape, generator=generator) * _SHIFT


def _fan_in(node: Node, owned: OwnedTensor, sizes: Mapping[str, int]) -> float:
    """How many products each output of a layer sums up; 0 for a tensor that is no weight of such a layer."""
    products = evaluate(node.op.macs(*node.input_types), sizes)
    if not isinstance(products, int) or not products or len(owned.shape) < 2:
        return 0
    weights = [tensor for tensor in node.parameters().values() if len(tensor.shape) > 1]
    elements = evaluate(node.outputs[0].type.elements, sizes)
    return products / elements if len(weights) == 1 and isinstance(elements, int) else prod(owned.shape[1:])


def _set_statistics(model: torch.nn.Module, inputs: Mapping[str, torch.Tensor]) -> None:
    """Give each batch norm the statistics of what reaches it, in one pass in evaluation mode. A channel that hardly
    moves gets half of the layer's mean variance: its own would magnify whatever moves it later."""

    def measure(norm: _BatchNorm, inputs: tuple[torch.Tensor, ...]) -> None:
        axes = [axis for axis in range(inputs[0].ndim) if axis != 1]
        variance, mean = torch.var_mean(inputs[0], axes, correction=0)
        if norm.running_mean is not None and norm.running_var is not None:
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance.clamp(min=variance.mean() / 2))

    model.eval()
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    tensors = model.state_dict().values()
    device = next((tensor.device for tensor in tensors), torch.device("cpu"))
    hooks = [norm.register_forward_pre_hook(measure) for norm in norms]
    model.training = True  # of the model's own forward alone, which then computes the training outputs
    model(*(tensor.to(device) for tensor in inputs.values()))
    model.eval()
    for hook in hooks:
        hook.remove()

"""torch's optimizers, over the tensors of a network that are trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from archspec.recipes import matching_keys
from archspec.recipes.recipe import Optimizer
from archspec.training import TrainingError

NORMS = "norms"
BIASES = "biases"
_NORMS = (
    nn.modules.batchnorm._NormBase,  # of BatchNorm and InstanceNorm
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
)


def optimizer_of(module: nn.Module, optimizer: Optimizer, rates: Mapping[str, float]) -> torch.optim.Optimizer:
    """One for the trained tensors of a module, by their keys in `rates`, each with its learning rate: a parameter group
    for each rate, with weight decay and without, which keeps its rate as `initial_lr`, as torch's schedulers do."""
    spared = without_decay(module, optimizer.no_decay)
    parameters = dict(module.named_parameters())
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for key, rate in rates.items():
        decay = 0.0 if key in spared else optimizer.weight_decay
        group = {"params": [], "lr": rate, "initial_lr": rate, "weight_decay": decay, "keys": []}
        found = groups.setdefault((rate, decay), group)
        found["params"].append(parameters[key])
        found["keys"].append(key)
    return _made(optimizer, list(groups.values()))


def _made(optimizer: Optimizer, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    lr = optimizer.lr
    match optimizer.name:
        case "SGD":
            return torch.optim.SGD(groups, lr, momentum=optimizer.momentum, nesterov=optimizer.nesterov)
        case "Adam":
            return torch.optim.Adam(groups, lr, betas=optimizer.betas)
        case "AdamW":
            return torch.optim.AdamW(groups, lr, betas=optimizer.betas)
        case "RMSprop":
            return torch.optim.RMSprop(groups, lr, alpha=optimizer.alpha, momentum=optimizer.momentum)


def without_decay(module: nn.Module, no_decay: tuple[str, ...]) -> set[str]:
    """The keys of the parameters that have no weight decay: those of normalisation layers (`norms`), those that a layer
    adds to its result (`biases`), and what globs over keys take."""
    globs = [glob for glob in no_decay if glob not in (NORMS, BIASES)]
    found = set(matching_keys(globs, [key for key, _ in module.named_parameters()]))
    for path, layer in module.named_modules():
        for name, _ in layer.named_parameters(path, recurse=False):
            is_norm = NORMS in no_decay and isinstance(layer, _NORMS)
            if is_norm or (BIASES in no_decay and _is_bias(name.rpartition(".")[2])):
                found.add(name)
    return found


def _is_bias(name: str) -> bool:
    """`bias` itself, attention's `in_proj_bias`, a recurrent layer's `bias_ih_l0`."""
    return name == "bias" or name.endswith("_bias") or name.startswith("bias_")


def state_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimizer has gathered of each tensor, by names such as `exp_avg.features.0.weight`."""
    return {
        f"{slot}.{key}": value
        for key, parameter in _by_key(optimizer)
        for slot, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def load_tensors(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimizer what `state_tensors` gave of one like it. Raises TrainingError for one of other tensors."""
    numbers = {key: number for number, (key, _) in enumerate(_by_key(optimizer))}
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        slot, _, key = name.partition(".")
        if key not in numbers:
            raise TrainingError(f"the optimizer's state has {name}, and {key} is not trained in this stage")
        state.setdefault(numbers[key], {})[slot] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _by_key(optimizer: torch.optim.Optimizer) -> Iterator[tuple[str, nn.Parameter]]:
    """Its parameters, in the order in which torch numbers them."""
    for group in optimizer.param_groups:
        yield from zip(group["keys"], group["params"], strict=True)

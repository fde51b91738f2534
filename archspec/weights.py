"""Published and saved weights: state_dicts from torchvision's weights API, safetensors and `.pt` files.

Nothing here unpickles code: `.pt` files are read with `weights_only=True`.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archspec.zoo import ZooModel


class WeightsError(Exception):
    """Weights that cannot be found, read, or loaded into the network."""


def find_weights(name: str, model: ZooModel | None) -> Mapping[str, Tensor]:
    """The state_dict that a name means: a `.safetensors`, `.pt` or `.pth` file, else published weights of
    the zoo model. Raises WeightsError."""
    if name.endswith((".safetensors", ".pt", ".pth", ".bin")) or "/" in name:
        return _from_file(Path(name))
    return _published(name, model)


def _from_file(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise WeightsError(f"there is no weights file {path}")
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise WeightsError(f"{path} is no safetensors file: {error}") from None
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{path} holds more than tensors, and code is never unpickled: {reason}") from None
    except Exception as error:  # an unpickler on arbitrary bytes raises anything
        raise WeightsError(f"{path} is no file of torch.save: {error}") from error
    if not isinstance(state, Mapping) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in state.items()
    ):
        raise WeightsError(f"{path} holds no state_dict, a mapping of names to tensors")
    return state


def _published(name: str, model: ZooModel | None) -> Mapping[str, Tensor]:
    if model is None or not model.weights:
        raise WeightsError(f"only zoo models have published weights; `{name}` is no file (.safetensors, .pt)")
    from torchvision.models import get_weight

    enum = model.weights.removeprefix("torchvision ")
    try:
        weights = get_weight(f"{enum}.{name}")
    except (AttributeError, KeyError, ValueError):
        raise WeightsError(f"{model.name} has no weights `{name}` in torchvision's {enum}") from None
    try:
        state: Mapping[str, Tensor] = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except OSError as error:
        raise WeightsError(f"{weights.url} cannot be fetched, and is not in torch's cache: {error}") from None
    return state


def load_into(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load a state_dict, strictly. Raises WeightsError that names the first key of each kind that does not fit."""
    wanted = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
    found = {key: tuple(tensor.shape) for key, tensor in state.items()}
    problems = [
        _counted("missing", [key for key in wanted if key not in found]),
        _counted("unexpected", [key for key in found if key not in wanted]),
        _counted(
            "of another shape",
            [
                f"{key} ({_sizes(found[key])} for {_sizes(wanted[key])})"
                for key in wanted
                if found.get(key, wanted[key]) != wanted[key]
            ],
        ),
    ]
    if any(problems):
        raise WeightsError(f"the weights do not fit the network: {'; '.join(filter(None, problems))}")
    module.load_state_dict(state, strict=True)


def _counted(what: str, keys: list[str]) -> str:
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    return f"{keys[0]}{more} {what}" if keys else ""


def _sizes(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"

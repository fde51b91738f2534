"""From a TARGET to a torch module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archspec import given
from archspec.architecture import Architecture
from archspec.compilation import Inputs
from archspec.driver.networks import architecture_with, built

if TYPE_CHECKING:
    import os
    from enum import Enum

    from torch import nn

    from archspec.weights.renames import Table

    Path_ = str | os.PathLike[str]


def build(
    target: Path_ | Architecture,
    weights: Path_ | Enum | None = None,
    args: Mapping[str, Any] | None = None,
    *,
    rename: Path_ | Table | None = None,
    inputs: Inputs = (),
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
    **more_args: Any,
) -> nn.Module:
    """An ordinary torch.nn.Module, freshly initialised or with `weights`: a file, or published ones by name, or as a
    member of torchvision's enum. What `save` has written has its own.

    Weights load strictly, by keys that `rename` may translate (a table, or a file of one); only a head of another shape
    stays fresh, and the log says so. `args` serves where an arg of the spec is called like a parameter here.
    Raises SpecError and WeightsError; TypeError for weights that are none, an arg given twice, and what an Architecture
    has already.
    """
    name = given.weights_name(weights)
    architecture = architecture_with(target, name, inputs, given.together(args, more_args), plugins, zoo)
    return built(architecture, name, rename, new_head=True)

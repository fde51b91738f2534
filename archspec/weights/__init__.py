"""Weights: published ones by name, and files of safetensors and `torch.save`, fitted to a network key by key.

Nothing here unpickles code: `.pt` files are read with `weights_only=True`. Read `checkpoint` for what a file holds,
`published` for names, `renames` for keys that are called otherwise, `fitting` for what goes where, `loading` for the
end of it, and `plan` for the same without a module; `facts` for what is known of weights besides, `whose` for where
that comes from, and `writing` for how it goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.weights.plan import Plan


class WeightsError(Exception):
    """Weights that cannot be found, read, or loaded into the network; or a table of renames that is none."""


class MisfitError(WeightsError):
    """Weights with other names or shapes than the network; `plan`, where there is one, is what `archspec weights plan`
    says of them."""

    plan: Plan | None = None

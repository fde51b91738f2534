"""The libraries that training needs and nothing else does: they come with an extra."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

EXTRA = "archspec-nn[train]"


class ExtraError(Exception):
    """A library of the extra is not installed; the message says how it is."""


def require(module: str, command: str = "archspec train") -> ModuleType:
    """A module of a library that comes with the extra. Raises ExtraError, which names the command that asks for it,
    where the library is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise ExtraError(f"`{command}` needs `pip install '{EXTRA}'`: there is no {error.name}") from None

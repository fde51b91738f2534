"""Classes made from generated source: readable in tracebacks, equal for equal source, and picklable.

The source stands in `linecache`, so that `inspect.getsource` and tracebacks show it. A pickled module
carries its source, and another process makes the class from it again.
"""

from __future__ import annotations

import copyreg
import linecache
from functools import cache
from hashlib import sha256
from typing import Any

import torch

from archspec.backends.torch.identifiers import is_plain


@cache
def compile_class(name: str, source: str) -> type[torch.nn.Module]:
    """The module class called `name` that `source` defines; one class for equal arguments."""
    if not is_plain(name):
        raise ValueError(f"{name!r} cannot name a class")
    filename = f"<archspec {name} {sha256(source.encode()).hexdigest()[:8]}>"
    # Without a time of modification, linecache keeps an entry for good.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"torch": torch, "__name__": __name__}
    exec(compile(source, filename, "exec"), namespace)
    made: type[torch.nn.Module] = namespace[name]

    def reduce(module: torch.nn.Module) -> tuple[Any, ...]:
        return _rebuild, (name, source), module.__getstate__()  # type: ignore[no-untyped-call]

    # Unlike `__reduce_ex__`, an entry here holds for this class alone, not for subclasses that users derive.
    copyreg.pickle(made, reduce)
    return made


def _rebuild(name: str, source: str) -> torch.nn.Module:
    made = compile_class(name, source)
    return made.__new__(made)

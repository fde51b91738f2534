"""archspec: the compiler for neural-network architectures.

Importing the package is cheap: each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archspec.diagnostics import Diagnostic as Diagnostic
    from archspec.diagnostics import SpecError as SpecError
    from archspec.driver import Architecture as Architecture
    from archspec.driver import build as build
    from archspec.driver import check as check
    from archspec.driver import export as export
    from archspec.driver import load as load
    from archspec.driver import verify as verify
    from archspec.ops.base import Op as Op
    from archspec.ops.base import OpError as OpError
    from archspec.parity import ParityError as ParityError
    from archspec.parity import ParityReport as ParityReport

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(["Architecture", "build", "check", "export", "load", "verify"], "archspec.driver"),
    **dict.fromkeys(["Diagnostic", "SpecError"], "archspec.diagnostics"),
    **dict.fromkeys(["Op", "OpError"], "archspec.ops.base"),
    **dict.fromkeys(["ParityError", "ParityReport"], "archspec.parity"),
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__

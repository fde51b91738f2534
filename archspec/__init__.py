"""archspec: the compiler for neural-network architectures.

Importing the package is cheap: each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from archspec.version import VERSION as __version__

if TYPE_CHECKING:
    from archspec.architecture import Architecture as Architecture
    from archspec.architecture import UnknownPathError as UnknownPathError
    from archspec.architecture import check as check
    from archspec.architecture import load as load
    from archspec.backends.torch.changes import ModuleChanged as ModuleChanged
    from archspec.deployment import Preprocessing as Preprocessing
    from archspec.diagnostics import Diagnostic as Diagnostic
    from archspec.diagnostics import SpecError as SpecError
    from archspec.driver import build as build
    from archspec.driver import export as export
    from archspec.driver import verify as verify
    from archspec.features import extract as extract
    from archspec.ops.base import Op as Op
    from archspec.ops.base import OpError as OpError
    from archspec.parity import ParityError as ParityError
    from archspec.parity import ParityReport as ParityReport
    from archspec.prediction import PredictionError as PredictionError
    from archspec.prediction.embedding import embed as embed
    from archspec.prediction.predicting import predict as predict
    from archspec.saving import SaveError as SaveError
    from archspec.saving import save as save
    from archspec.training import TrainingError as TrainingError
    from archspec.training.training import train as train
    from archspec.weights import WeightsError as WeightsError
    from archspec.weights.facts import Facts as Facts

_HOMES = {
    **dict.fromkeys(["Architecture", "UnknownPathError", "check", "load"], "archspec.architecture"),
    **dict.fromkeys(["build", "export", "verify"], "archspec.driver"),
    "embed": "archspec.prediction.embedding",
    "extract": "archspec.features",
    **dict.fromkeys(["Diagnostic", "SpecError"], "archspec.diagnostics"),
    **dict.fromkeys(["Op", "OpError"], "archspec.ops.base"),
    **dict.fromkeys(["ParityError", "ParityReport"], "archspec.parity"),
    **dict.fromkeys(["SaveError", "save"], "archspec.saving"),
    "PredictionError": "archspec.prediction",
    "predict": "archspec.prediction.predicting",
    "Facts": "archspec.weights.facts",
    "TrainingError": "archspec.training",
    "train": "archspec.training.training",
    "ModuleChanged": "archspec.backends.torch.changes",
    "Preprocessing": "archspec.deployment",
    "WeightsError": "archspec.weights",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__

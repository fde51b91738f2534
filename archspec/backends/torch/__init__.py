"""Graph -> torch.nn.Module: plain modules whose forwards are generated, readable source.

Reading order: `tree` (which module stands where), `formulas` (what nodes read), `dataflow` (what a forward
calls), `plan`, `variables`, `forward` (its source), `generated` (its class), `build`.
"""

from archspec.backends.torch.build import build_module, module_at, module_with
from archspec.backends.torch.calibrate import calibrate
from archspec.backends.torch.changes import ModuleChanged, changed_arguments
from archspec.backends.torch.examples import example_inputs, example_sizes
from archspec.backends.torch.interpret import run_values
from archspec.backends.torch.tapped import TappedBlueprint, tapped_module

__all__ = [
    "ModuleChanged",
    "TappedBlueprint",
    "build_module",
    "calibrate",
    "changed_arguments",
    "example_inputs",
    "example_sizes",
    "module_at",
    "module_with",
    "run_values",
    "tapped_module",
]

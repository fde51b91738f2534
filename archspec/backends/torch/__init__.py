"""Graph -> torch.nn.Module: plain modules whose forwards are generated, readable source.

Reading order: `tree` (which module stands where), `formulas` (what nodes read), `dataflow` (what a forward
calls), `plan`, `variables`, `forward` (its source), `generated` (its class), `build`.
"""

from archspec.backends.torch.build import build_module
from archspec.backends.torch.interpret import run_values

__all__ = ["build_module", "run_values"]

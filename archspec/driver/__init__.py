"""The driver: from a TARGET to what a user asks for, through all stages. The Python surface.

Its functions import torch and onnx when they are called.
"""

from archspec.driver.building import build
from archspec.driver.exporting import export
from archspec.driver.verifying import verify

__all__ = ["build", "export", "verify"]

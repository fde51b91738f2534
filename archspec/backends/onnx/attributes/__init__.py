"""The attributes in a file against the arguments in the network."""

from archspec.backends.onnx.attributes.check import AttributeCheck, check_attributes
from archspec.backends.onnx.attributes.table import DECOMPOSED, RULES

__all__ = ["DECOMPOSED", "RULES", "AttributeCheck", "check_attributes"]

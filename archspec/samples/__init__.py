"""Inputs that lie on the disk: images and arrays, as a network reads them."""

from archspec.samples.files import SamplesError
from archspec.samples.folder import Samples, picture_of, read_samples, require_one_input

__all__ = ["Samples", "SamplesError", "picture_of", "read_samples", "require_one_input"]

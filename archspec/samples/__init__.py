"""Inputs that lie on the disk: images and arrays, as a network reads them."""

from archspec.samples.files import SamplesError
from archspec.samples.folder import Samples, read_samples

__all__ = ["Samples", "SamplesError", "read_samples"]

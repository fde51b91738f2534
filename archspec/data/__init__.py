"""What a network is trained on: images with their classes, prepared, augmented and in batches; docs/data.md.

Read `opening` for the whole, `sources` for the data sets, `preparing` for what is done to an image, `augmentation` for
what is done to those that are trained on, and `loading` for their order.
"""

from archspec.data.augmentation import mixed
from archspec.data.errors import DataError
from archspec.data.extra import ExtraError, require
from archspec.data.images import Draw, Images
from archspec.data.loading import Order, loader
from archspec.data.opening import ImageData, folder_of, open_data
from archspec.recipes.classifier import ImageType

__all__ = [
    "DataError",
    "Draw",
    "ExtraError",
    "ImageData",
    "ImageType",
    "Images",
    "Order",
    "folder_of",
    "loader",
    "mixed",
    "open_data",
    "require",
]

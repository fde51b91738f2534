"""The zoo: published networks by name, each a spec with args, weights and the facts it is held against.

They come in collections: archspec's own, those of folders, and those of installed packages. Read `models` for what a
network is, `files` for zoo files, `collections` for folders of them, and `targets` for what a TARGET means.
"""

from __future__ import annotations

from archspec.zoo.collections import Collection as Collection
from archspec.zoo.collections import collection_called as collection_called
from archspec.zoo.collections import installed as installed
from archspec.zoo.collections import model_named as model_named
from archspec.zoo.collections import models as models
from archspec.zoo.collections import own as own
from archspec.zoo.collections import spec_names as spec_names
from archspec.zoo.models import Arguments as Arguments
from archspec.zoo.models import ZooError as ZooError
from archspec.zoo.models import ZooModel as ZooModel
from archspec.zoo.targets import SAVED_SPEC as SAVED_SPEC
from archspec.zoo.targets import SAVED_WEIGHTS as SAVED_WEIGHTS
from archspec.zoo.targets import Target as Target
from archspec.zoo.targets import find_target as find_target
from archspec.zoo.targets import text_target as text_target

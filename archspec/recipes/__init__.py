"""Recipes: how a network is trained, as YAML. `recipe` has the model, docs/recipes.md tells of every key.

Read `reading` first: a file becomes a tree, `fitting` makes a Recipe of it, `contradictions` looks over what its keys
say together, and `checking` holds it against the network that `network` compiles. `compiling` is all of that.
"""

from __future__ import annotations

from archspec.recipes.checking import check_recipe as check_recipe
from archspec.recipes.classifier import Classifier as Classifier
from archspec.recipes.classifier import ImageType as ImageType
from archspec.recipes.classifier import classifier_of as classifier_of
from archspec.recipes.compiling import compile_recipe as compile_recipe
from archspec.recipes.data_facts import DataFacts as DataFacts
from archspec.recipes.data_facts import facts_of as facts_of
from archspec.recipes.globs import learning_rates as learning_rates
from archspec.recipes.globs import matching as matching
from archspec.recipes.globs import matching_keys as matching_keys
from archspec.recipes.network import network_of as network_of
from archspec.recipes.reading import read_recipe as read_recipe
from archspec.recipes.reading import recipe_of as recipe_of
from archspec.recipes.recipe import Phase as Phase
from archspec.recipes.recipe import Recipe as Recipe
from archspec.recipes.resolving import meant as meant
from archspec.recipes.resolving import resolved as resolved
from archspec.recipes.written import Written as Written
from archspec.syntax.library import recipe_names as recipe_names

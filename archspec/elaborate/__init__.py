"""Elaboration: a Spec becomes a Graph. Blocks, repetitions and conditions are expanded and types are
inferred in one walk, because a condition may ask for a type. Reading order: `network` (the root), `walker`
(layers), `instantiate` (ops), `files` and `names` (what expressions see), `values` (what `from` sees).
"""

from archspec.elaborate.network import Elaborated as Elaborated
from archspec.elaborate.network import Options as Options
from archspec.elaborate.network import elaborate as elaborate
from archspec.elaborate.state import MAX_LAYERS as MAX_LAYERS
